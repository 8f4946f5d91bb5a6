import { LockMode } from '@mikro-orm/postgresql';
import { FollowUp, FollowUpStatus } from '../../entities/schedule/follow-up.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { localDateOf } from '../../workflows/duration.js';
import { holdersByDepartment, peopleFor, withStandIns } from '../../workflows/follow-up-people.js';
import type { LadderAction } from '../../workflows/ladder.js';
import { peopleOfPlan } from '../../workflows/plan-people.js';
import type { ApproverRule } from '../../workflows/process.js';
import { loadOrganisation, type OrganisationSnapshot } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import type { LadderTimerPayload } from './ladder-timers.js';
import { calendarFor, record, tell, toldAbout } from './make-follow-up.js';
import { tellOutside } from './tell-outside.js';

/**
 * Carries out a reminder or rung of a follow-up in the transaction that fires its timer: whose turn it is, and whoever
 * stands in for them, is reminded; a rung tells its own people too, or hands the follow-up to them. Decides on the locked
 * row, so a timer of a follow-up that is done or has moved does nothing.
 */
export async function chaseFollowUp(
  tx: TransactionContext,
  timer: Pick<Timer, 'key' | 'kind' | 'payload' | 'subjectId'>,
): Promise<void> {
  const { cycle, index } = timer.payload as unknown as LadderTimerPayload;
  const followUp = await tx.em.findOne(
    FollowUp,
    { id: timer.subjectId, status: FollowUpStatus.OPEN, cycle },
    { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  );
  if (followUp === null) return;
  const snapshot = await loadOrganisation(tx.em);
  const isRung = timer.kind.endsWith('-rung');
  const action: LadderAction = (isRung && followUp.ladder.ladder[index]?.action) || { do: 'remind' };
  const others = action.do === 'remind' ? [] : namedBy(tx, followUp, action.who, snapshot);
  if (action.do === 'hand-over') await handOver(tx, followUp, action.who, others);
  if (isRung) followUp.rung = Math.max(followUp.rung, index + 1);
  followUp.updatedAt = tx.now;
  const people = [
    ...toldAbout(followUp, snapshot, tx.now),
    ...withStandIns(snapshot.organisation, others, tx.now),
  ];
  const type = isRung && action.do !== 'remind' ? 'ESCALATED' : 'REMINDED';
  if (action.do !== 'hand-over')
    await record(tx, followUp.id, type, { rung: followUp.rung, people: [...new Set(people)] });
  await tell(tx, timer.key, people, { kind: 'FOLLOW_UP', ...wordsOf(tx, followUp, snapshot) });
  const { id: followUpId, dueAt, subjectType, subjectId, personId, roleKey, rung } = followUp;
  if (dueAt === null || tx.now < dueAt) return;
  const data = { followUpId, subjectType, subjectId, dueAt: dueAt.toISOString(), personId, roleKey, rung };
  await tellOutside(tx, () => [{ key: `${timer.key}/overdue`, type: 'follow-up.overdue', at: tx.now, data }]);
}

/** The people named by a rung: its rules see the follow-up as a thing of each person whose turn it is. */
function namedBy(
  tx: TransactionContext,
  followUp: FollowUp,
  who: readonly ApproverRule[],
  { organisation, calendarOf }: OrganisationSnapshot,
): string[] {
  const world = { now: tx.now, organisation, calendarOf };
  const owners = peopleFor(followUp, organisation, tx.now);
  const named = (owners.length > 0 ? owners : ['']).flatMap((ownerId) =>
    peopleOfPlan({ ownerId, departmentId: followUp.departmentId }, who, world),
  );
  // A role that nobody holds on the way up is asked wherever it is held.
  const anywhere = who.flatMap((rule) =>
    rule.rule === 'role' && rule.in !== 'anywhere' && named.length === 0
      ? holdersByDepartment(organisation, rule.role, tx.now).map(({ personId }) => personId)
      : [],
  );
  return [...new Set([...named, ...anywhere])];
}

/** To the role where the first rule names one, else to the first person named; to nobody, and it stays. */
async function handOver(
  tx: TransactionContext,
  followUp: FollowUp,
  who: readonly ApproverRule[],
  people: readonly string[],
): Promise<void> {
  const from = { personId: followUp.personId, roleKey: followUp.roleKey };
  const [first] = who;
  if (people[0] === undefined) return;
  if (first?.rule === 'role') {
    const roleDepartmentId = first.in === 'subject-department' ? followUp.departmentId : null;
    Object.assign(followUp, { personId: null, roleKey: first.role, roleDepartmentId });
  } else Object.assign(followUp, { personId: people[0], roleKey: null, roleDepartmentId: null });
  await record(tx, followUp.id, 'HANDED_OVER', {
    from,
    to: { personId: followUp.personId, roleKey: followUp.roleKey },
  });
}

function wordsOf(
  tx: TransactionContext,
  followUp: FollowUp,
  snapshot: OrganisationSnapshot,
): { textEn: string; textZh: string } {
  const { titleEn, titleZh, dueAt } = followUp;
  const { timeZone } = calendarFor(snapshot, followUp);
  const date = dueAt === null ? '' : localDateOf(timeZone, dueAt);
  const overdue = dueAt !== null && tx.now >= dueAt;
  return {
    textEn: `“${titleEn}” ${overdue ? 'was' : 'is'} due on ${date}.`,
    textZh: `“${titleZh}”${overdue ? `已于 ${date} 到期，仍未完成` : `应于 ${date} 完成`}`,
  };
}
