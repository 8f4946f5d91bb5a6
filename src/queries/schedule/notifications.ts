import { sql } from 'kysely';
import { ArgsType, Field, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { Notification } from '../../entities/schedule/notification.js';
import { connectionType, PageArgs, pageOf, type ConnectionOf } from '../connection.js';
import { requireViewer } from '../filters.js';

@ArgsType()
export class NotificationsArgs extends PageArgs {
  @Field(() => Boolean, { nullable: true, description: 'Leave out what has been read.' })
  unreadOnly?: boolean | null;
}

export const NotificationConnection = connectionType(Notification, 'Notification');

@ObjectType({ description: 'The notifications after the change.' })
export class MarkNotificationsReadPayload {
  @Field(() => [Notification], { description: 'Those named, newest first.' })
  notifications!: Notification[];
}

/** The viewer's own notifications, newest first. */
export async function notifications(
  ctx: Context,
  args: NotificationsArgs,
): Promise<ConnectionOf<Notification>> {
  const viewer = requireViewer(ctx);
  const { limit, after } = pageOf(args);
  const mine = readDb(ctx.em).selectFrom('notification').where('person_id', '=', viewer.id);
  const found = args.unreadOnly ? mine.where('read_at', 'is', null) : mine;
  const page = after
    ? found.where(sql<boolean>`(created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`)
    : found;
  const rows = (await page
    .select([
      'id',
      'kind',
      'text_en as textEn',
      'text_zh as textZh',
      'request_id as requestId',
      'created_at as createdAt',
      'read_at as readAt',
    ])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()) as unknown as Notification[];
  const count = async (): Promise<number> => {
    const { total } = await found.select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow();
    return Number(total);
  };
  return new NotificationConnection({
    rows,
    limit,
    key: (row) => [new Date(row.createdAt).toISOString(), row.id],
    count,
  });
}
