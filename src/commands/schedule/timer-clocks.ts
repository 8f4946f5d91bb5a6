import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb, visible, type ScopedTable } from '../../entities/read-db.js';
import { FollowUp } from '../../entities/schedule/follow-up.js';
import { followUpsInScope } from '../../entities/schedule/follow-up-scope.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { refusal } from '../../errors.js';
import type { LadderShape } from '../../workflows/ladder.js';
import type { PaymentLadder } from '../../workflows/payment-ladder.js';
import { isDecisionStep, stepOf } from '../../workflows/process.js';
import { stallRuleOf, type ProjectTemplate } from '../../workflows/template-file.js';
import { countedBy, type TimerClock } from '../../workflows/timer-verbs.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { lockPlan } from '../plans/plan-world.js';
import { requireActor, requireId, type TransactionContext } from '../transaction.js';
import { calendarFor } from './make-follow-up.js';

type SetFor = Pick<Timer, 'kind' | 'payload'>;
type ClockOf = (timer: SetFor) => TimerClock;

/** What can be chased: its table, and how the time of its timers is counted. */
const TIMED = ['approval_request', 'plan', 'project', 'contract', 'follow_up'] as const;
type TimedTable = (typeof TIMED)[number];

export interface Timed {
  readonly id: string;
  readonly table: TimedTable;
}

/**
 * The thing whose timers the actor may move, under its row lock, which everyone who fires or sets its timers takes
 * first. The scope of `timer:manage` is held against its owner and department. @throws NOT_FOUND
 */
export async function lockTimed(tx: TransactionContext, subjectId: string): Promise<Timed> {
  const actor = requireActor(tx);
  const id = requireId(subjectId, 'subject');
  const db = readDb(tx.em);
  for (const table of TIMED) {
    const inScope =
      table === 'follow_up'
        ? followUpsInScope(actor, 'timer:manage', tx.now)
        : visible(actor, 'timer:manage', table satisfies ScopedTable);
    const row = await db
      .selectFrom(table)
      .select('id')
      .where('id', '=', id)
      .where(inScope)
      .forUpdate()
      .executeTakeFirst();
    if (row) return { id, table };
  }
  throw refusal('NOT_FOUND', { what: 'subject' });
}

const CLOCKS: Readonly<Record<TimedTable, (tx: TransactionContext, id: string) => Promise<ClockOf>>> = {
  approval_request: async (tx, id) => {
    const [stored] = await readRequests(tx.em, [id]);
    const { calendarOf } = await loadOrganisation(tx.em);
    const definition = stored!.definition;
    const calendar = calendarOf(definition.calendar);
    return ({ payload }) => {
      const step = stepOf(definition, String(payload['step']));
      return { calendar, counted: (isDecisionStep(step) && step.due?.in) || 'calendar' };
    };
  },
  plan: async (tx, id) => {
    const { world } = await lockPlan(tx, id);
    return ({ kind, payload }) => {
      const milestone = world.template?.milestones.find(({ key }) => key === payload['milestone']);
      return clockIn(world.calendar, milestone, kind, payload);
    };
  },
  follow_up: async (tx, id) => {
    const followUp = await tx.em.findOneOrFail(FollowUp, { id }, { refresh: true });
    const calendar = calendarFor(await loadOrganisation(tx.em), followUp);
    return ({ kind, payload }) => clockIn(calendar, followUp.ladder, kind, payload);
  },
  project: async (tx, id) => {
    const row = await readDb(tx.em)
      .selectFrom('project')
      .innerJoin('project_template as template', 'template.id', 'project.template_id')
      .select(['project.department_id', 'template.definition'])
      .where('project.id', '=', id)
      .executeTakeFirstOrThrow();
    const place = { calendarKey: null, departmentId: row.department_id };
    const calendar = calendarFor(await loadOrganisation(tx.em), place);
    const template = row.definition as unknown as ProjectTemplate;
    return ({ kind, payload }) =>
      clockIn(calendar, stallRuleOf(template, String(payload['part'])), kind, payload);
  },
  contract: async (tx, id) => {
    const rows = await readDb(tx.em)
      .selectFrom('receivable')
      .innerJoin('contract', 'contract.id', 'receivable.contract_id')
      .select(['term_id', 'ladder', 'contract.department_id'])
      .where('contract.id', '=', id)
      .execute();
    const snapshot = await loadOrganisation(tx.em);
    return ({ kind, payload }) => {
      const row = rows.find(({ term_id }) => term_id === payload['part']);
      const ladder = row?.ladder as unknown as PaymentLadder | undefined;
      const place = { calendarKey: ladder?.calendar ?? null, departmentId: row?.department_id ?? null };
      return clockIn(calendarFor(snapshot, place), ladder, kind, payload);
    };
  },
};

const clockIn = (
  calendar: TimerClock['calendar'],
  ladder: LadderShape<unknown> | null | undefined,
  kind: string,
  payload: Timer['payload'],
): TimerClock => ({
  calendar,
  counted: ladder ? countedBy(ladder, kind, Number(payload['index'])) : 'calendar',
});

/** How the timers of a locked thing count their time. */
export const clocksOf = (tx: TransactionContext, { table, id }: Timed): Promise<ClockOf> =>
  CLOCKS[table](tx, id);
