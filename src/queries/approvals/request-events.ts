import { Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { Instant, Json } from '../../entities/scalars.js';
import { loadMany } from '../load.js';

@ObjectType('ApprovalEvent', {
  description: 'Something that happened to a request: a stored, append-only fact.',
})
export class EventView {
  @Field(() => Int, { description: 'Place in the history, from 1 without gaps.' })
  sequence!: number;

  @Field(() => String, {
    description: 'What happened, such as SUBMITTED, STEP_OPENED, DECIDED, HANDED_OVER, ESCALATED, ENDED.',
  })
  type!: string;

  @Field(() => Instant, { description: 'When.' })
  at!: Date;

  @Field(() => Json, { description: 'The fact in full, as it is chained.' })
  fact!: unknown;

  @Field(() => String, {
    description: 'SHA-256 over the digest before it and the canonical text of the fact.',
  })
  digest!: string;

  requestId!: string;
  actorId!: string | null;
}

/** The history of a request, batched. */
export function eventsOf(ctx: Context, requestId: string): Promise<EventView[]> {
  const read = async (ids: readonly string[]): Promise<EventView[]> => {
    const rows = await readDb(ctx.em)
      .selectFrom('approval_event')
      .select([
        'request_id as requestId',
        'sequence',
        'type',
        'at',
        'actor_id as actorId',
        'canonical',
        'digest',
      ])
      .where('request_id', 'in', ids)
      .orderBy('request_id')
      .orderBy('sequence')
      .execute();
    return rows.map(({ canonical, ...row }) => ({
      ...row,
      fact: JSON.parse(canonical) as unknown,
    })) as unknown as EventView[];
  };
  return loadMany(ctx, 'events', requestId, read, (row) => row.requestId);
}
