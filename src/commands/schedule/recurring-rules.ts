import { LockMode } from '@mikro-orm/postgresql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { RecurringRuleRow, RuleStatus } from '../../entities/schedule/recurring-rule.js';
import { Instant, Json } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { PREVIEWED_MAX } from '../../limits.js';
import { nextFiring } from '../../workflows/recurring-rule.js';
import {
  natureOf,
  parseSchedule,
  problemsOfSchedule,
  type ScheduleDefinition,
} from '../../workflows/schedule-file.js';
import { once } from '../idempotency.js';
import { check, requireSound, requireVersion } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { cancelRuleTimers, setRuleTimer } from './rule-timers.js';

@InputType({ description: 'A new recurring rule.' })
export class CreateRecurringRuleInput {
  @Field(() => Json, {
    description:
      'The rule as packs write it: `{key, title: {en, zh}, rule: {kind: "daily"}, makes: {do: "follow-up", title: {en, zh}, for: {role: "salesperson"}}}`.',
  })
  definition!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same payload it makes no second one; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Other words for a recurring rule; its key stays.' })
export class UpdateRecurringRuleInput {
  @Field(() => ID, { description: 'The rule.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => Json, { description: 'The whole rule as packs write it.' })
  definition!: unknown;
}

@InputType({ description: 'What a pack left open, filled in.' })
export class FillScheduleInput {
  @Field(() => ID, { description: 'The rule, of kind `unset`.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that you have seen.' })
  expectedVersion!: number;

  @Field(() => Json, {
    description:
      'The rule of time: `{kind: "after-event", anchor: "created", offset: {count: 5, unit: "day"}}`.',
  })
  rule!: unknown;

  @Field(() => Json, {
    nullable: true,
    description: 'The records that it hangs on, where the pack does not say.',
  })
  on?: unknown;

  @Field(() => Json, { nullable: true, description: 'What it makes, where the pack does not say.' })
  makes?: unknown;
}

@InputType({ description: 'A recurring rule and the version of it that was seen.' })
export class RecurringRuleInput {
  @Field(() => ID, { description: 'The rule.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that you have seen.' })
  expectedVersion!: number;
}

@ObjectType({ description: 'A recurring rule after a change.' })
export class RecurringRulePayload {
  @Field(() => RecurringRuleRow, { description: 'The rule as it is now.' })
  rule!: RecurringRuleRow;
}

@ObjectType({ description: 'One time at which a rule will act.' })
export class PreviewedOccurrence {
  @Field(() => String, { description: 'Names the occurrence.' })
  key!: string;

  @Field(() => Instant, { description: 'When the rule acts.' })
  firesAt!: Date;

  @Field(() => Instant, { description: 'When what it makes is due.' })
  dueAt!: Date;
}

/** The definition with every default filled in and nothing wrong with it. @throws BAD_USER_INPUT */
async function sound(ctx: Pick<Context, 'em'>, value: unknown): Promise<ScheduleDefinition> {
  const definition = parseSchedule(value);
  const db = readDb(ctx.em);
  const roles = await db.selectFrom('role').select('key').execute();
  const calendars = await db.selectFrom('business_calendar').select('key').execute();
  const names = {
    roles: new Set(roles.map(({ key }) => key)),
    calendars: new Set(calendars.map(({ key }) => key)),
  };
  const problems = [...problemsOfSchedule(definition, names)];
  requireSound(...problems.map(({ path, message }) => check(`definition.${path.join('.')}`, false, message)));
  return definition;
}

/** The next times of a rule that acts by the calendar, without making anything; of others there are none. @throws BAD_USER_INPUT */
export async function previewRecurringRule(
  ctx: Context,
  given: unknown,
  count: number,
): Promise<PreviewedOccurrence[]> {
  requireSound(check('count', count >= 1 && count <= PREVIEWED_MAX, `1 to ${PREVIEWED_MAX}`));
  const definition = await sound(ctx, given);
  if (!['calendar', 'target'].includes(natureOf(definition.rule))) return [];
  const calendar = (await loadOrganisation(ctx.em)).calendarOf(definition.calendar);
  const found: PreviewedOccurrence[] = [];
  let place = { at: ctx.now, key: '' };
  for (
    let next = nextFiring(definition, place, calendar);
    next;
    next = nextFiring(definition, place, calendar)
  ) {
    found.push({ key: next.key, firesAt: next.fireAt, dueAt: next.dueAt });
    if (found.length >= count) break;
    place = next;
  }
  return found;
}

/** Makes a rule that begins now. @throws BAD_USER_INPUT, ALREADY_EXISTS */
export function createRecurringRule(
  ctx: Context,
  { idempotencyKey, ...payload }: CreateRecurringRuleInput,
): Promise<RecurringRulePayload> {
  requireActor(ctx);
  return inTransaction(ctx, async (tx) => {
    const { id } = await once(tx, { name: 'createRecurringRule', key: idempotencyKey, payload }, async () => {
      const definition = await sound(tx, payload.definition);
      const { key } = definition;
      if (await tx.em.findOne(RecurringRuleRow, { key }))
        throw refusal('ALREADY_EXISTS', { what: 'recurring rule', field: 'key', key });
      const rule = new RecurringRuleRow();
      Object.assign(rule, { key, startsAt: tx.now, createdAt: tx.now, changed: true });
      put(rule, definition, tx.now);
      tx.em.persist(rule);
      await tx.em.flush();
      await setRuleTimer(tx, rule, { at: tx.now, key: '' });
      return { id: rule.id };
    });
    return { rule: await tx.em.findOneOrFail(RecurringRuleRow, { id }) };
  });
}

function put(rule: RecurringRuleRow, definition: ScheduleDefinition, now: Date): void {
  const { title } = definition;
  Object.assign(rule, { definition, titleEn: title.en, titleZh: title.zh ?? title.en, updatedAt: now });
}

/** Changes a rule under its lock: it acts no more as it stood, and begins anew from now. */
const change = (
  ctx: Context,
  input: RecurringRuleInput,
  work: (tx: TransactionContext, rule: RecurringRuleRow) => Promise<void> | void,
): Promise<RecurringRulePayload> => {
  requireActor(ctx);
  return inTransaction(ctx, async (tx) => {
    const id = requireId(input.id, 'recurring rule');
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
    const rule = await tx.em.findOne(RecurringRuleRow, { id }, options);
    if (rule === null) throw refusal('NOT_FOUND', { what: 'recurring rule' });
    if (rule.status === RuleStatus.DELETED)
      throw refusal('INVALID_STATE', { what: 'recurring rule', id, status: rule.status });
    requireVersion(rule, input.expectedVersion);
    await work(tx, rule);
    rule.version += 1;
    rule.updatedAt = tx.now;
    await tx.em.flush();
    await cancelRuleTimers(tx, id);
    if (rule.status === RuleStatus.ACTIVE) await setRuleTimer(tx, rule, { at: tx.now, key: '' });
    return { rule };
  });
};

/** Gives a rule other words; a newer pack leaves them alone. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT */
export const updateRecurringRule = (
  ctx: Context,
  input: UpdateRecurringRuleInput,
): Promise<RecurringRulePayload> =>
  change(ctx, input, async (tx, rule) => {
    const definition = await sound(tx, input.definition);
    requireSound(check('definition.key', definition.key === rule.key, `${rule.key}: the key stays`));
    put(rule, definition, tx.now);
    rule.changed = true;
  });

/** Fills in what a pack left open; the pack stays as it is. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT */
export const fillSchedule = (ctx: Context, input: FillScheduleInput): Promise<RecurringRulePayload> =>
  change(ctx, input, async (tx, rule) => {
    const { definition: open } = rule;
    if (open.rule.kind !== 'unset')
      throw refusal('INVALID_STATE', { what: 'recurring rule', id: rule.id, status: 'filled in' });
    const filled = { ...open, rule: input.rule, on: input.on ?? open.on, makes: input.makes ?? open.makes };
    const definition = await sound(tx, filled);
    requireSound(check('rule', definition.rule.kind !== 'unset', 'a rule other than unset'));
    put(rule, definition, tx.now);
    rule.changed = true;
  });

/** The rule stands still. @throws NOT_FOUND, INVALID_STATE, CONFLICT */
export const pauseRecurringRule = (ctx: Context, input: RecurringRuleInput): Promise<RecurringRulePayload> =>
  change(ctx, input, (_tx, rule) => requireStatus(rule, RuleStatus.ACTIVE, RuleStatus.PAUSED));

/** The rule goes on from now; what fell into the pause is not made up for. @throws NOT_FOUND, INVALID_STATE, CONFLICT */
export const resumeRecurringRule = (ctx: Context, input: RecurringRuleInput): Promise<RecurringRulePayload> =>
  change(ctx, input, (_tx, rule) => requireStatus(rule, RuleStatus.PAUSED, RuleStatus.ACTIVE));

/** The rule acts no more; what it made stays. @throws NOT_FOUND, INVALID_STATE, CONFLICT */
export const deleteRecurringRule = (ctx: Context, input: RecurringRuleInput): Promise<RecurringRulePayload> =>
  change(ctx, input, (_tx, rule) => {
    rule.status = RuleStatus.DELETED;
  });

function requireStatus(rule: RecurringRuleRow, from: RuleStatus, to: RuleStatus): void {
  if (rule.status !== from)
    throw refusal('INVALID_STATE', { what: 'recurring rule', id: rule.id, status: rule.status });
  rule.status = to;
}
