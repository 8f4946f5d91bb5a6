import { unreachable } from '../errors.js';
import type { Fact, RequestOutcome, RequestState } from './request.js';
import type { SUBJECT_TYPES } from './subject-types.js';

// What the outside is told by webhooks: that something happened, to what, and who did it. Ids and stable words only; no
// title, comment, amount or name, so that whoever gets it learns no more than where to ask.

interface EventDescription {
  readonly en: string;
  readonly zh: string;
}

const OUTCOMES = {
  submitted: { en: 'was submitted for approval', zh: '已提交审批' },
  resubmitted: { en: 'was submitted again after changes', zh: '修改后重新提交审批' },
  returned: { en: 'was returned for changes', zh: '已退回修改' },
  approved: { en: 'was approved', zh: '已批准' },
  rejected: { en: 'was rejected', zh: '已拒绝' },
  withdrawn: { en: 'was withdrawn from approval', zh: '已撤回审批' },
  cancelled: { en: 'had its approval cancelled', zh: '审批已取消' },
  expired: { en: 'had its approval run out of time', zh: '审批已过期' },
} as const;
type SubjectWord = keyof typeof OUTCOMES;

const SUBJECTS = {
  contract: { en: 'A contract', zh: '合同' },
  plan: { en: 'A plan', zh: '计划' },
  project: { en: 'A project', zh: '项目' },
  document: { en: 'A document', zh: '文件' },
  quote: { en: 'A quote', zh: '报价' },
  invoice: { en: 'An invoice', zh: '发票' },
} as const satisfies Readonly<Record<Lowercase<keyof typeof SUBJECT_TYPES>, EventDescription>>;
type SubjectName = keyof typeof SUBJECTS;

const ofSubjects = Object.fromEntries(
  Object.entries(SUBJECTS).flatMap(([subject, name]) =>
    Object.entries(OUTCOMES).map(([word, outcome]) => [
      `${subject}.${word}`,
      { en: `${name.en} ${outcome.en}.`, zh: `${name.zh}${outcome.zh}。` },
    ]),
  ),
) as Record<`${SubjectName}.${SubjectWord}`, EventDescription>;

/** Every type of event that endpoints can want. docs/webhooks.md lists the same, held equal by a test. */
export const EVENT_TYPES = {
  'approval.submitted': { en: 'A request was submitted.', zh: '提交了审批申请。' },
  'approval.resubmitted': { en: 'A returned request was submitted again.', zh: '退回的申请已重新提交。' },
  'approval.step.opened': { en: 'A step began; its people are asked.', zh: '步骤开始，已通知审批人。' },
  'approval.step.closed': { en: 'A step ended.', zh: '步骤结束。' },
  'approval.step.skipped': { en: 'A step was skipped.', zh: '步骤被跳过。' },
  'approval.step.blocked': { en: 'Nobody may decide a step.', zh: '步骤无人可审批。' },
  'approval.decided': {
    en: 'Someone decided, or the system at the end of a ladder.',
    zh: '有人作出决定，或系统按规则作出决定。',
  },
  'approval.assigned': {
    en: 'A turn went to someone else, or someone was added.',
    zh: '任务转给他人或增加了审批人。',
  },
  'approval.unassigned': { en: 'Someone is no longer asked.', zh: '某人不再需要审批。' },
  'approval.reminded': { en: 'People were reminded or nudged.', zh: '已提醒或催办。' },
  'approval.escalated': { en: 'An overdue step was escalated.', zh: '逾期步骤已升级。' },
  'approval.returned': { en: 'A request was returned for changes.', zh: '申请已退回修改。' },
  'approval.revoked': { en: 'A decision was taken back.', zh: '决定已收回。' },
  'approval.due-moved': {
    en: 'A change of a calendar moved the due time of a step, or when the request expires.',
    zh: '日历变更移动了步骤的到期时间或申请的失效时间。',
  },
  'approval.amended': { en: 'An approver amended what is being approved.', zh: '审批人修改了审批内容。' },
  'approval.question.asked': { en: 'An approver asked a question.', zh: '审批人提出了问题。' },
  'approval.question.answered': { en: 'A question was answered.', zh: '问题已答复。' },
  'approval.carried-over': {
    en: 'Approvals of an earlier request count for this one.',
    zh: '沿用先前申请的批准。',
  },
  'approval.attached': { en: 'Files were attached.', zh: '已添加附件。' },
  'approval.commented': { en: 'Someone commented.', zh: '有新评论。' },
  'approval.copied': { en: 'People were copied in or informed.', zh: '已抄送或知会。' },
  'approval.paused': { en: 'A request was paused.', zh: '申请已暂停。' },
  'approval.resumed': { en: 'A paused request goes on.', zh: '申请已恢复。' },
  'approval.overridden': {
    en: 'An administrator skipped a step, reassigned or restarted.',
    zh: '管理员跳过步骤、改派或重新开始。',
  },
  'approval.migrated': {
    en: 'A request was moved to another version of its process.',
    zh: '申请已迁移到流程的另一版本。',
  },
  'approval.contact.changed': {
    en: 'Someone answers for a person who has left.',
    zh: '已由他人接替离职人员处理申请。',
  },
  'approval.ended': { en: 'A request ended; `status` says how.', zh: '申请已结束，status 为结果。' },
  ...ofSubjects,
  'project.stage.moved': { en: 'A stage of a project opened or closed.', zh: '项目阶段已开启或关闭。' },
  'project.running': { en: 'A project began to run.', zh: '项目开始执行。' },
  'project.completed': { en: 'The last stage of a project closed.', zh: '项目最后阶段已关闭。' },
  'plan.milestone.done': { en: 'A milestone of a plan is done.', zh: '计划里程碑已完成。' },
  'plan.milestone.overdue': {
    en: 'A milestone of a plan was chased after it was due.',
    zh: '计划里程碑逾期催办。',
  },
  'follow-up.created': { en: 'A follow-up was made.', zh: '已建立跟进。' },
  'follow-up.moved': { en: 'A follow-up got another due time.', zh: '跟进时间已变更。' },
  'follow-up.assigned': { en: 'A follow-up went to someone else.', zh: '跟进已转交他人。' },
  'follow-up.overdue': { en: 'A follow-up was chased after it was due.', zh: '跟进逾期催办。' },
  'follow-up.escalated': { en: 'A rung of a follow-up acted.', zh: '跟进已升级。' },
  'follow-up.violated': {
    en: 'A “not later than” of a follow-up is broken.',
    zh: '跟进的最迟时限已被突破。',
  },
  'follow-up.completed': { en: 'A follow-up is done.', zh: '跟进已完成。' },
  'follow-up.cancelled': { en: 'A follow-up was cancelled.', zh: '跟进已取消。' },
  'webhook.ping': { en: 'Someone tests the endpoint; sent whatever it wants.', zh: '测试消息，始终发送。' },
} as const satisfies Record<string, EventDescription>;
export type EventType = keyof typeof EVENT_TYPES;

/** Something that happened, for the outside. */
export interface DomainEvent {
  /** Stable: the same happening has the same key, and no other has. */
  readonly key: string;
  readonly type: EventType;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

export const ALL_EVENTS = '*';

/** Names, groups such as `approval.*`, and `*`: what an endpoint may say that it wants. */
export const isEventPattern = (pattern: string): boolean =>
  pattern === ALL_EVENTS ||
  Object.hasOwn(EVENT_TYPES, pattern) ||
  (pattern.endsWith('.*') && Object.keys(EVENT_TYPES).some((type) => type.startsWith(pattern.slice(0, -1))));

/** Whether someone who wants these patterns gets the type. A ping comes to whoever is pinged, wanted or not. */
export const isWanted = (type: EventType, patterns: readonly string[]): boolean =>
  patterns.some(
    (pattern) =>
      pattern === ALL_EVENTS ||
      pattern === type ||
      (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );

type Told = readonly [type: EventType, more: Readonly<Record<string, unknown>>];

/** What the outside may want to know of `facts`, which left the request in the state `after`; in the order of the facts. */
export function eventsOf(after: RequestState, facts: readonly Fact[]): DomainEvent[] {
  const first = after.factCount - facts.length + 1;
  const { definition, subject } = after;
  const about = {
    requestId: after.id,
    status: after.status,
    round: after.round,
    process: { key: definition.key, version: definition.version, purpose: definition.purpose },
    subject: { type: subject.type, id: subject.id, number: subject.content['number'] ?? null },
    requesterId: after.requesterId,
  };
  return facts.flatMap((fact, offset) =>
    toldOf(after, fact).map(([type, more]) => ({
      key: `${after.id}/${first + offset}/${type}`,
      type,
      at: fact.at,
      data: { ...about, ...more },
    })),
  );
}

function toldOf(after: RequestState, fact: Fact): Told[] {
  const actor = 'by' in fact ? { by: fact.by } : {};
  const step = 'step' in fact ? { step: fact.step } : {};
  const of = (ordinal: number): Record<string, unknown> => {
    const one = after.assignments[ordinal - 1];
    return one ? { step: one.stepKey, personId: one.personId } : {};
  };
  const subject = (word: SubjectWord): Told => [
    `${after.subject.type.toLowerCase() as SubjectName}.${word}`,
    actor,
  ];
  const tell = (type: EventType, more: Readonly<Record<string, unknown>> = {}): Told => [
    type,
    { ...actor, ...step, ...more },
  ];
  switch (fact.type) {
    case 'SUBMITTED':
      return [tell('approval.submitted'), subject('submitted')];
    case 'RESUBMITTED':
      return [tell('approval.resubmitted'), subject('resubmitted')];
    case 'STEP_OPENED': {
      const people = fact.assignments.filter(({ status }) => status === 'OPEN');
      return [
        tell('approval.step.opened', {
          dueAt: fact.dueAt?.toISOString() ?? null,
          people: people.map(({ personId }) => personId),
        }),
      ];
    }
    case 'STEP_CLOSED':
      return [tell('approval.step.closed', { outcome: fact.outcome })];
    case 'STEP_SKIPPED':
      return [tell('approval.step.skipped', { reason: fact.reason })];
    case 'STEP_BLOCKED':
      return [tell('approval.step.blocked', { reason: fact.reason })];
    case 'DECIDED':
      return [tell('approval.decided', { ...of(fact.ordinal), decision: fact.decision })];
    case 'SYSTEM_DECIDED':
      return [tell('approval.decided', { by: 'system', decision: fact.verdict })];
    case 'ASSIGNMENT_OPENED':
      return [tell('approval.assigned', of(fact.ordinal))];
    case 'HANDED_OVER':
    case 'GIVEN_BACK':
      return [tell('approval.assigned', { ...of(fact.ordinal), personId: fact.successor.personId })];
    case 'DELEGATE_ANSWERED':
      return fact.confirmation === null
        ? []
        : [tell('approval.assigned', { ...of(fact.ordinal), personId: fact.confirmation.personId })];
    case 'APPROVER_ADDED':
      return [tell('approval.assigned', { personId: fact.assignment.personId })];
    case 'REASSIGNED':
      return [
        tell('approval.assigned', { personId: fact.successor.personId }),
        tell('approval.overridden', { action: 'REASSIGN' }),
      ];
    case 'APPROVER_REMOVED':
      return [tell('approval.unassigned', of(fact.ordinal))];
    case 'REMINDED':
    case 'NUDGED':
      return [tell('approval.reminded', { people: fact.people })];
    case 'ESCALATED':
      return [
        tell('approval.escalated', {
          action: fact.action,
          rung: fact.rung,
          people: [...fact.people, ...fact.assignments.map(({ personId }) => personId)],
        }),
      ];
    case 'RETURNED':
      return [
        tell('approval.returned', { toStep: fact.toStep }),
        ...(fact.toStep === null ? [subject('returned')] : []),
      ];
    case 'REVOKED':
      return [tell('approval.revoked', of(fact.ordinal))];
    case 'DUE_MOVED':
      return [tell('approval.due-moved', { dueAt: fact.dueAt?.toISOString() ?? null })];
    case 'EXPIRY_MOVED':
      return [tell('approval.due-moved', { expiresAt: fact.expiresAt.toISOString() })];
    case 'AMENDED':
      return [tell('approval.amended', { fields: fact.changed })];
    case 'INFORMATION_REQUESTED':
      return [tell('approval.question.asked', { number: fact.number, personId: fact.of })];
    case 'INFORMATION_GIVEN':
      return [tell('approval.question.answered', { number: fact.number })];
    case 'CARRIED_OVER':
      return [
        tell('approval.carried-over', {
          fromRequestId: fact.from.requestId,
          steps: fact.carried.map((one) => one.step),
        }),
      ];
    case 'ATTACHED':
      return [tell('approval.attached', { files: fact.files.length })];
    case 'COMMENTED':
      return [tell('approval.commented', { mentions: fact.mentions })];
    case 'COPIED_IN':
    case 'PEOPLE_NOTIFIED':
      return [tell('approval.copied', { people: fact.people })];
    case 'PAUSED':
      return [tell('approval.paused')];
    case 'RESUMED':
      return [tell('approval.resumed')];
    case 'OVERRIDDEN':
      return [tell('approval.overridden', { action: fact.action })];
    case 'MIGRATED':
      return [
        tell('approval.migrated', {
          fromVersion: fact.fromVersion,
          toVersion: fact.toVersion,
          asked: fact.asked,
          removed: fact.removed,
        }),
      ];
    case 'CONTACT_CHANGED':
      return [tell('approval.contact.changed', { fromPersonId: fact.fromPersonId, personId: fact.personId })];
    case 'ENDED':
      return [tell('approval.ended', { status: fact.outcome }), subject(WORD_OF[fact.outcome])];
    case 'ASSIGNMENT_CLOSED':
    case 'CLAIMED':
    case 'RELEASED':
    case 'CLOCK_RESTARTED':
      return [];
    default:
      return unreachable(fact);
  }
}

const WORD_OF: Readonly<Record<RequestOutcome, SubjectWord>> = {
  APPROVED: 'approved',
  REJECTED: 'rejected',
  WITHDRAWN: 'withdrawn',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
};
