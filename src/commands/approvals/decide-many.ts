import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { isRefusal, refusal, type Refusal } from '../../errors.js';
import { DECISIONS_AT_ONCE_MAX } from '../../limits.js';
import { digestOf } from '../../workflows/canonical.js';
import { once } from '../idempotency.js';
import { inTransaction } from '../transaction.js';
import { approve, reject, type Reviewed } from './review.js';

export enum ManyAction {
  APPROVE = 'APPROVE',
  REJECT = 'REJECT',
}
registerEnumType(ManyAction, {
  name: 'ManyAction',
  description: 'What is decided in a list.',
  valuesConfig: { APPROVE: { description: 'Approves.' }, REJECT: { description: 'Rejects.' } },
});

@InputType({ description: 'One decision of a list.' })
export class ManyItem {
  @Field(() => ID, { description: 'The assignment.' })
  assignmentId!: string;

  @Field(() => ManyAction, { description: 'What you decide.' })
  action!: ManyAction;

  @Field(() => String, { nullable: true, description: 'Your words, at most 4000 characters.' })
  comment?: string | null;
}

@InputType({ description: 'Many decisions, each on its own.' })
export class DecideManyInput {
  @Field(() => [ManyItem], { description: '1 to 100 decisions, each on another assignment.' })
  items!: ManyItem[];

  @Field(() => String, {
    nullable: true,
    description:
      'With the same key and payload, what was decided is not decided twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** What became of one item. */
export type ManyOutcome =
  | { readonly item: ManyItem; readonly reviewed: Reviewed }
  | { readonly item: ManyItem; readonly refused: Refusal };

/**
 * Decides each item in its own transaction, in the order given: a refused one leaves the others alone.
 * @throws BAD_USER_INPUT for an empty, too long or repeating list, IDEMPOTENCY_CONFLICT for another list under the key
 */
export async function decideMany(
  ctx: Context,
  { items, idempotencyKey }: DecideManyInput,
): Promise<ManyOutcome[]> {
  requireSoundList(items);
  await inTransaction(ctx, (tx) =>
    once(tx, { name: 'decide-many', key: idempotencyKey, payload: items }, () => Promise.resolve({})),
  );
  const outcomes: ManyOutcome[] = [];
  for (const item of items) outcomes.push(await decideOne(ctx, item, idempotencyKey));
  return outcomes;
}

async function decideOne(
  ctx: Context,
  item: ManyItem,
  listKey: string | null | undefined,
): Promise<ManyOutcome> {
  const { assignmentId, action, comment } = item;
  const idempotencyKey = listKey ? digestOf({ listKey, assignmentId }) : null;
  try {
    const decide = action === ManyAction.APPROVE ? approve : reject;
    return { item, reviewed: await decide(ctx, { assignmentId, comment, idempotencyKey }) };
  } catch (error) {
    if (isRefusal(error)) return { item, refused: await whyRefused(ctx, item, error) };
    throw error;
  }
}

/** What the person can't see does not exist, in a list as anywhere. */
const whyRefused = async (
  ctx: Context,
  { assignmentId, action }: ManyItem,
  refused: Refusal,
): Promise<Refusal> => {
  const answer = await ctx.refusalToAct(assignmentId, action);
  return answer?.code === 'NOT_FOUND' ? answer : refused;
};

function requireSoundList(items: readonly ManyItem[]): void {
  const ids = new Set(items.map(({ assignmentId }) => assignmentId.toLowerCase()));
  if (items.length > 0 && items.length <= DECISIONS_AT_ONCE_MAX && ids.size === items.length) return;
  const rule = `1 to ${DECISIONS_AT_ONCE_MAX} items, each for another assignment`;
  throw refusal('BAD_USER_INPUT', { reason: rule, fields: [{ path: 'items', rule }] });
}
