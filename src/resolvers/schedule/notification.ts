import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  markNotificationsRead,
  MarkNotificationsReadInput,
} from '../../commands/schedule/mark-notifications-read.js';
import type { Context } from '../../context.js';
import { Notification } from '../../entities/schedule/notification.js';
import type { ConnectionOf } from '../../queries/connection.js';
import {
  MarkNotificationsReadPayload,
  NotificationConnection,
  notifications,
  NotificationsArgs,
} from '../../queries/schedule/notifications.js';

@Resolver(() => Notification)
export class NotificationResolver {
  @Query(() => NotificationConnection, { description: 'Your messages, newest first.' })
  notifications(
    @Ctx() ctx: Context,
    @Args(() => NotificationsArgs) args: NotificationsArgs,
  ): Promise<ConnectionOf<Notification>> {
    return notifications(ctx, args);
  }

  @Mutation(() => MarkNotificationsReadPayload, {
    description: 'Marks messages of yours as read; all or none.',
  })
  markNotificationsRead(
    @Ctx() ctx: Context,
    @Arg('input', () => MarkNotificationsReadInput, { description: 'Which.' })
    input: MarkNotificationsReadInput,
  ): Promise<MarkNotificationsReadPayload> {
    return markNotificationsRead(ctx, input);
  }

  @FieldResolver(() => String, { description: 'What it says, in the language of the request.' })
  text(@Root() { textEn, textZh }: Notification, @Ctx() { language }: Context): string {
    return { en: textEn, zh: textZh }[language];
  }
}
