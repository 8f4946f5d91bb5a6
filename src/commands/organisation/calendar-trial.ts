import { sql } from 'kysely';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { Plan } from '../../entities/plans/plan.js';
import { Instant } from '../../entities/scalars.js';
import { FollowUp } from '../../entities/schedule/follow-up.js';
import { followUpsInScope } from '../../entities/schedule/follow-up-scope.js';
import { isRefusal } from '../../errors.js';
import { MOVES_SHOWN } from '../../limits.js';
import { decide } from '../../workflows/decide.js';
import type { Command } from '../../workflows/request.js';
import type { CalendarChange } from '../../workflows/verb-facts.js';
import { loadWorld } from '../approvals/load-world.js';
import { countRequests, reckonCommands, requestsAfter } from '../approvals/reckon-requests.js';
import { contractsAfter, countPayments, movesOfPayments } from '../contracts/reckon-receivables.js';
import { planWorld } from '../plans/plan-world.js';
import { countMilestones, movesOf, plansAfter } from '../plans/reckon-milestones.js';
import { countStages, movesOfStages, projectsAfter, type MovedStage } from '../projects/reckon-stages.js';
import { countFollowUps, followUpsAfter, reckoningOf } from '../schedule/reckon-follow-ups.js';
import { countRules, moveOfRule, rulesAfter } from '../schedule/reckon-rules.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { scopeOf, type ChangedCalendar } from './calendar-scope.js';
import { loadOrganisation } from './load-organisation.js';

@ObjectType({ description: 'A due time that a change of a calendar moves.' })
export class DueMove {
  @Field(() => ID, {
    description: 'The approval request, plan, follow-up, recurring rule, project or contract.',
  })
  subjectId!: string;

  @Field(() => String, {
    description: 'Its number, such as `A-2026-00042`; the title of a follow-up, the key of a recurring rule.',
  })
  number!: string;

  @Field(() => String, {
    description:
      'Key of the step or milestone; `expiry` for the request as a whole; of a follow-up `due`, `reminder-0` or `rung-0` by their place; of a recurring rule the occurrence that it makes next; of a project the stage that stalls, of a contract `payment-1` by its place, and what is chased of them behind a slash, such as `payment-1/rung-0`.',
  })
  key!: string;

  @Field(() => Instant, { nullable: true, description: 'When it is due now.' })
  from!: Date | null;

  @Field(() => Instant, { nullable: true, description: 'When it is due after the change.' })
  to!: Date | null;
}

/** What hangs on a change: counted in its transaction. */
export interface Reach {
  readonly requests: number;
  readonly milestones: number;
  readonly followUps: number;
  readonly rules: number;
  readonly stages: number;
  readonly payments: number;
}

export const NO_REACH: Reach = {
  requests: 0,
  milestones: 0,
  followUps: 0,
  rules: 0,
  stages: 0,
  payments: 0,
};

/** A reach as answers are kept for a second sending of the same key. */
export const keptReach = ({ requests, milestones, followUps, rules, stages, payments }: Reach) => ({
  requests: String(requests),
  milestones: String(milestones),
  followUps: String(followUps),
  rules: String(rules),
  stages: String(stages),
  payments: String(payments),
});

/** An answer kept before stages and payments were counted says 0 of them. */
export const reachKept = (
  kept: Omit<ReturnType<typeof keptReach>, 'stages' | 'payments'> &
    Partial<Pick<ReturnType<typeof keptReach>, 'stages' | 'payments'>>,
): Reach => ({
  requests: Number(kept.requests),
  milestones: Number(kept.milestones),
  followUps: Number(kept.followUps),
  rules: Number(kept.rules),
  stages: Number(kept.stages ?? 0),
  payments: Number(kept.payments ?? 0),
});

/** The answer to a change, made or tried; `moves` only when it was tried. */
@ObjectType({ description: 'What hangs on a calendar that changes.' })
export class CalendarReach {
  @Field(() => Int, {
    description: 'Running approval requests whose due times are reckoned again; many may not move.',
  })
  requests!: number;

  @Field(() => Int, { description: 'Plan milestones still to do whose due times are reckoned again.' })
  milestones!: number;

  @Field(() => Int, {
    description:
      'Open follow-ups whose due times, reminders and ladders are reckoned again; many may not move.',
  })
  followUps!: number;

  @Field(() => Int, { description: 'Recurring rules whose next time is reckoned again.' })
  rules!: number;

  @Field(() => Int, {
    description: 'Open project stages for which it is reckoned again when they stall; many may not move.',
  })
  stages!: number;

  @Field(() => Int, {
    description:
      'Payments that are chased whose due times and ladders are reckoned again; many may not move.',
  })
  payments!: number;

  @Field(() => [DueMove], {
    description:
      'dryRun only: due times that would move, of what you may see; at most 100 of each kind. Made changes tell in the trail.',
  })
  moves!: DueMove[];
}

export async function reachOf(tx: TransactionContext, change: ChangedCalendar): Promise<Reach> {
  const scope = scopeOf(await loadOrganisation(tx.em), change);
  return {
    requests: await countRequests(tx, scope),
    milestones: await countMilestones(tx, scope),
    followUps: await countFollowUps(tx, scope),
    rules: await countRules(tx, scope),
    stages: await countStages(tx, scope),
    payments: await countPayments(tx, scope),
  };
}

/** Leaves a transaction whose change was only tried. */
class Tried<T> extends Error {
  constructor(readonly answer: T) {
    super('tried');
  }
}

/**
 * Carries out a change, or only tries it: the same statements in a transaction that is rolled back once they have shown
 * what they would do, so that a trial never says something else than the change does.
 */
export async function carryOutOrTry<T>(
  ctx: Context,
  dryRun: boolean,
  change: (tx: TransactionContext) => Promise<T>,
): Promise<T> {
  if (!dryRun) return inTransaction(ctx, change);
  try {
    return await inTransaction(ctx, async (tx) => {
      throw new Tried(await change(tx));
    });
  } catch (error) {
    if (error instanceof Tried) return error.answer as T;
    throw error;
  }
}

/** The due times that a change just made in this transaction moves, of what the actor may see. */
export async function movesBy(
  tx: TransactionContext,
  change: ChangedCalendar,
  because: CalendarChange,
): Promise<DueMove[]> {
  const scope = scopeOf(await loadOrganisation(tx.em), change);
  const requests = await requestsAfter(tx, scope, null, MOVES_SHOWN);
  const plans = await plansAfter(tx, scope, null, MOVES_SHOWN);
  const followUps = await followUpsAfter(tx, scope, null, MOVES_SHOWN);
  const rules = await rulesAfter(tx, scope, null, MOVES_SHOWN);
  const projects = await projectsAfter(tx, scope, null, MOVES_SHOWN);
  const contracts = await contractsAfter(tx, scope, null, MOVES_SHOWN);
  return [
    ...(await movesOfRequests(tx, requests, because)),
    ...(await movesOfPlans(tx, plans)),
    ...(await movesOfFollowUps(tx, followUps)),
    ...(await movesOfRules(tx, rules)),
    ...(await movesOfChases(tx, projects, contracts)),
  ];
}

async function movesOfRequests(
  tx: TransactionContext,
  ids: readonly string[],
  because: CalendarChange,
): Promise<DueMove[]> {
  const moves: DueMove[] = [];
  const visibleIds = await seen(tx, 'approval_request', 'request:read', ids);
  const commands = await reckonCommands(tx, visibleIds, because);
  for (const stored of await readRequests(tx.em, visibleIds)) {
    const world = await loadWorld(tx, stored.definition, stored.id);
    const command = commands.get(stored.id) as Command;
    const place = { subjectId: stored.id, number: stored.number };
    for (const fact of factsOf(() => decide(stored.state, command, world))) {
      if (fact.type === 'DUE_MOVED')
        moves.push({ ...place, key: fact.step, from: fact.was.dueAt, to: fact.dueAt });
      if (fact.type === 'EXPIRY_MOVED')
        moves.push({ ...place, key: 'expiry', from: fact.was.expiresAt, to: fact.expiresAt });
    }
  }
  return moves;
}

async function movesOfPlans(tx: TransactionContext, ids: readonly string[]): Promise<DueMove[]> {
  const moves: DueMove[] = [];
  const visibleIds = await seen(tx, 'plan', 'plan:read', ids);
  const plans = await tx.em.find(
    Plan,
    { id: { $in: visibleIds } },
    { populate: ['milestones'], orderBy: { id: 'asc' } },
  );
  for (const plan of plans) {
    const world = await planWorld(tx, plan);
    for (const { milestone, from, to } of factsOf(() => movesOf(plan, world)))
      moves.push({ subjectId: plan.id, number: plan.number, key: milestone.key, from, to });
  }
  return moves;
}

async function movesOfFollowUps(tx: TransactionContext, ids: readonly string[]): Promise<DueMove[]> {
  const inScope = await readDb(tx.em)
    .selectFrom('follow_up')
    .select('id')
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .where(followUpsInScope(requireActor(tx), 'followup:read', tx.now))
    .execute();
  const found = await tx.em.find(
    FollowUp,
    { id: { $in: inScope.map(({ id }) => id) } },
    { orderBy: { id: 'asc' } },
  );
  const moves: DueMove[] = [];
  for (const followUp of found) {
    const { id: subjectId, titleEn, titleZh, dueAt: from } = followUp;
    const place = { subjectId, number: tx.language === 'zh' ? titleZh : titleEn };
    const plan = await orNothing(() => reckoningOf(tx, followUp));
    if (plan === null) continue;
    const { reckoned, moved } = plan;
    if (from?.getTime() !== reckoned.dueAt?.getTime())
      moves.push({ ...place, key: 'due', from, to: reckoned.dueAt });
    moves.push(
      ...moved.map(({ timer, ...at }) => ({ ...place, key: `${timer.kind}-${timer.index}`, ...at })),
    );
  }
  return moves;
}

/** Their next times; what they are is nobody's secret. */
async function movesOfRules(tx: TransactionContext, ids: readonly string[]): Promise<DueMove[]> {
  const moves: DueMove[] = [];
  for (const subjectId of ids) {
    const move = await orNothing(() => moveOfRule(tx, subjectId));
    if (move === null) continue;
    const { key: number, from, next } = move;
    moves.push({ subjectId, number, key: next?.key ?? '', from, to: next?.fireAt ?? null });
  }
  return moves;
}

async function movesOfChases(
  tx: TransactionContext,
  projects: readonly string[],
  contracts: readonly string[],
): Promise<DueMove[]> {
  const moves: DueMove[] = [];
  const show = (
    subjectId: string,
    key: string,
    { number, from, to, moved }: Omit<MovedStage, 'stageId'>,
  ): void => {
    if (from.getTime() !== to.getTime()) moves.push({ subjectId, number, key, from, to });
    for (const { timer, from: set } of moved)
      moves.push({ subjectId, number, key: `${key}/${timer.kind}-${timer.index}`, from: set, to: timer.at });
  };
  for (const id of await seen(tx, 'project', 'project:read', projects))
    for (const stage of (await orNothing(() => movesOfStages(tx, id))) ?? [])
      show(id, String(stage.subject.part), stage);
  for (const id of await seen(tx, 'contract', 'contract:read', contracts))
    for (const payment of (await orNothing(() => movesOfPayments(tx, id))) ?? [])
      show(id, `payment-${payment.position}`, payment);
  return moves;
}

/** One that can't be reckoned moves nothing. */
async function orNothing<T>(reckon: () => Promise<T>): Promise<T | null> {
  try {
    return await reckon();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** One that can't be reckoned moves nothing. */
function factsOf<T>(reckon: () => readonly T[]): readonly T[] {
  try {
    return reckon();
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}

async function seen(
  tx: TransactionContext,
  table: 'approval_request' | 'plan' | 'project' | 'contract',
  permission: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await readDb(tx.em)
    .selectFrom(table)
    .select(`${table}.id`)
    .where(`${table}.id`, 'in', ids)
    .where(visible(requireActor(tx), permission, table))
    .execute();
  return rows.map(({ id }) => id);
}
