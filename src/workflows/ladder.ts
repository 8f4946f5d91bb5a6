import { z } from 'zod';
import { dueAt, timeBefore, type BusinessCalendar } from './calendar.js';
import { dueRuleSchema, type DueRule } from './duration.js';
import { reminders } from './process-file.js';
import { keySchema, type ApproverRule, type Reminder } from './process.js';

// The one ladder: what happens around a due time, whatever it is that is due. Approval steps and plan milestones write
// it with actions of their own; everything else writes it as `ladderSchema`.

/** What happens before and after a due time. */
export interface LadderShape<Action> {
  readonly reminders: readonly Reminder[];
  readonly ladder: readonly LadderRung<Action>[];
}

interface LadderRung<Action> {
  /** After the due time (first rung) or after the rung before. */
  readonly after: DueRule;
  readonly action: Action;
}

export type LadderAction =
  | { readonly do: 'remind' }
  | { readonly do: 'notify'; readonly who: readonly ApproverRule[] }
  /** It becomes the turn of others: of a role where the first rule names one, else of the first person named. */
  | { readonly do: 'hand-over'; readonly who: readonly ApproverRule[] };

export type Ladder = LadderShape<LadderAction>;

/** Nothing happens around the due time. */
export const NO_LADDER: Ladder = { reminders: [], ladder: [] };

const up = z.int().min(0).max(10);

/** People named by the thing that is due alone: it has an owner and a department, but no requester, steps or fields. */
export const ladderPeople: z.ZodType<readonly ApproverRule[]> = z
  .array(
    z.discriminatedUnion('rule', [
      z.strictObject({ rule: z.literal('user'), email: z.email() }),
      z.strictObject({
        rule: z.literal('role'),
        role: keySchema,
        in: z.enum(['anywhere', 'subject-department', 'nearest']).default('nearest'),
      }),
      z.strictObject({
        rule: z.literal('manager'),
        of: z.literal('owner').default('owner'),
        up: up.min(1).default(1),
      }),
      z.strictObject({
        rule: z.literal('head'),
        of: z.literal('subject').default('subject'),
        up: up.default(0),
      }),
      z.strictObject({ rule: z.literal('group'), key: keySchema }),
    ]),
  )
  .min(1)
  .max(20);

export const ladderSchema: z.ZodType<Ladder> = z.strictObject({
  reminders: reminders.default([]),
  ladder: z
    .array(
      z.strictObject({
        after: dueRuleSchema,
        action: z.discriminatedUnion('do', [
          z.strictObject({ do: z.literal('remind') }),
          z.strictObject({ do: z.enum(['notify', 'hand-over']), who: ladderPeople }),
        ]),
      }),
    )
    .max(20)
    .default([]),
});

/** One future act of a ladder; `index` is its place among the reminders or the rungs. */
export interface LadderTimer {
  readonly kind: 'reminder' | 'rung';
  readonly index: number;
  readonly at: Date;
}

/** Every reminder and rung, each reckoned from its anchor, the due time or the rung below. Without a due time nothing happens. */
export function everyLadderTimer(
  { reminders: list, ladder }: LadderShape<unknown>,
  due: Date | null,
  calendar: BusinessCalendar,
): LadderTimer[] {
  if (due === null) return [];
  const before = list.map(({ when, offset }, index): LadderTimer => {
    const at = when === 'before' ? timeBefore(calendar, due, offset) : dueAt(calendar, due, offset);
    return { kind: 'reminder', index, at };
  });
  let anchor = due;
  const rungs = ladder.map(({ after }, index): LadderTimer => {
    anchor = dueAt(calendar, anchor, after);
    return { kind: 'rung', index, at: anchor };
  });
  return [...before, ...rungs];
}

/** Those of them that are to be set at `since`: a reminder whose time has passed is left out; a rung never is. */
export const ladderTimers = (
  shape: LadderShape<unknown>,
  due: Date | null,
  calendar: BusinessCalendar,
  since: Date,
): LadderTimer[] =>
  everyLadderTimer(shape, due, calendar).filter(({ kind, at }) => kind === 'rung' || at > since);

/** What was set for a place of a ladder. */
interface LadderTimerSet extends Pick<LadderTimer, 'kind' | 'index'> {
  readonly acted: boolean;
}

/**
 * Those of a ladder's timers that are still to act when its times have moved: what has acted stays so, what was set moves
 * along and acts at once where its time has passed, and a reminder that was left out is set when it lies ahead now.
 */
export const stillToAct = (
  all: readonly LadderTimer[],
  set: readonly LadderTimerSet[],
  now: Date,
): LadderTimer[] =>
  all.filter(({ kind, index, at }) => {
    const known = set.filter((timer) => timer.kind === kind && timer.index === index);
    if (known.some(({ acted }) => acted)) return false;
    return known.length > 0 || kind === 'rung' || at > now;
  });

/** How far something due at `due` has climbed by `now`: the number of rungs whose time has come; 0: none yet. */
export const rungReached = (
  ladder: LadderShape<unknown>,
  due: Date | null,
  calendar: BusinessCalendar,
  now: Date,
): number =>
  ladderTimers(ladder, due, calendar, now).filter(({ kind, at }) => kind === 'rung' && at <= now).length;

/** The roles that a ladder's people are asked for, each with its place below the ladder. */
export const rolesNamed = ({
  ladder,
}: Ladder): { readonly role: string; readonly path: readonly (string | number)[] }[] =>
  ladder.flatMap(({ action }, index) =>
    action.do === 'remind'
      ? []
      : action.who.flatMap((rule, place) =>
          rule.rule === 'role'
            ? [{ role: rule.role, path: ['ladder', index, 'action', 'who', place, 'role'] }]
            : [],
        ),
  );
