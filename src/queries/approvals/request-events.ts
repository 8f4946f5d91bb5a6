import { Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import { Instant, Json } from '../../entities/scalars.js';
import { commitmentsIn, unsealFact } from '../../workflows/seal.js';
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

  @Field(() => Json, { description: 'The fact in full; words that were erased read `[erased]`.' })
  fact!: unknown;

  @Field(() => String, {
    description:
      'The text that is chained: canonical JSON (RFC 8785) with salted commitments in place of what people wrote.',
  })
  canonical!: string;

  @Field(() => Instant, { nullable: true, description: 'When words of it were erased; null when none were.' })
  erasedAt!: Date | null;

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
    const { facts, texts } = await readFactRows(ctx.em, ids);
    const valueOf = valueIn(texts);
    return facts.map((row) => {
      const erased = commitmentsIn(row.canonical).map(
        (commitment) => texts.get(commitment)?.erasedAt ?? null,
      );
      return {
        ...row,
        fact: unsealFact(row.canonical, valueOf),
        erasedAt: erased.find((at) => at !== null) ?? null,
      };
    }) as unknown as EventView[];
  };
  return loadMany(ctx, 'events', requestId, read, (row) => row.requestId);
}
