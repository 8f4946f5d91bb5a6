import type { BusinessCalendar } from './calendar.js';
import type { Carry, CarriedOver, CarriedStep, CarryReason, LeftStep } from './carry-over.js';
import type { Ballot } from './formula.js';
import type { Organisation } from './organisation.js';
import type { DecisionStep, ProcessDefinition, StepNode } from './process.js';
import type { PauseCause, QuestionState, Reader, RestartOf, VerbCommand, VerbFact } from './verb-facts.js';

export type RequestStatus =
  'PENDING' | 'RETURNED' | 'APPROVED' | 'REJECTED' | 'WITHDRAWN' | 'CANCELLED' | 'EXPIRED';
export type StepStatus = 'OPEN' | 'BLOCKED' | 'APPROVED' | 'REJECTED' | 'SKIPPED' | 'RETURNED' | 'CANCELLED';
export type AssignmentStatus =
  | 'WAITING'
  | 'OPEN'
  | 'APPROVED'
  | 'REJECTED'
  | 'RETURNED'
  | 'ABSTAINED'
  | 'ADVISED'
  | 'CONFIRMED'
  | 'FILED'
  | 'DELEGATED'
  | 'TRANSFERRED'
  | 'SKIPPED'
  | 'CANCELLED';

export type InterestReason = 'REQUESTER' | 'OWNER' | 'LAST_AUTHOR' | 'BENEFICIARY' | 'HAND_OVER';
export interface Interest {
  readonly personId: string;
  readonly because: InterestReason;
}

/** What is being approved, frozen at submission: the watched content and what the inbox shows of it. */
export interface SubjectSnapshot {
  readonly type: string;
  readonly id: string;
  readonly title: string;
  readonly ownerId: string;
  readonly departmentId: string | null;
  /** Watched fields, lines and attachment digests; what conditions read as `subject`. */
  readonly content: Readonly<Record<string, unknown>>;
  /** SHA-256 (hex) over the canonical JSON of `content`. */
  readonly digest: string;
}

/** The machine actor: escalations decide as it, never as a person. */
export const SYSTEM = 'system';

export interface StepState {
  readonly key: string;
  readonly round: number;
  /** Counts re-openings inside one round (after a return to an earlier step); starts at 1. */
  readonly attempt: number;
  readonly status: StepStatus;
  readonly openedAt: Date;
  readonly dueAt: Date | null;
  readonly closedAt: Date | null;
  /** Why it was skipped, blocked or closed early; a stable word, not a sentence. */
  readonly reason: string | null;
  /** Rungs of the ladder that have acted. */
  readonly rung: number;
  /** Reminders and rungs that have not acted yet, at the times they are set for. */
  readonly timers: readonly PlannedTimer[];
  /** Since when the clock stands still (a question, a pause); null: it runs, or there is none. */
  readonly clockStoppedAt: Date | null;
  /** The business calendar that its times are reckoned by; null: none, or the definition's (before it was kept here). */
  readonly calendarKey?: string | null | undefined;
}

/** How an assignment came from another one, or from a person who is away. */
export interface HandOver {
  readonly kind:
    'ABSENCE' | 'DELEGATION' | 'TRANSFER' | 'ESCALATION' | 'CONFIRMATION' | 'OVERRIDE' | 'LEAVER';
  readonly fromPersonId: string;
}

export interface AssignmentState {
  /** 1, 2, 3 … within the request; the core's name for the row. */
  readonly ordinal: number;
  readonly stepKey: string;
  readonly round: number;
  readonly attempt: number;
  readonly personId: string;
  readonly status: AssignmentStatus;
  /** The rule that chose the person, as text (`role:finance`), or how they were added. */
  readonly rule: string;
  readonly group: string | null;
  readonly weight: number;
  readonly veto: boolean;
  readonly required: boolean;
  /** Position among those asked one after another. */
  readonly position: number;
  /** The ordinal that must be decided before this one opens. */
  readonly waitsFor: number | null;
  readonly handOver: HandOver | null;
  /** The assignment this one was handed over from. */
  readonly previousOrdinal: number | null;
  readonly addedById: string | null;
  readonly openedAt: Date | null;
  readonly dueAt: Date | null;
  readonly decidedAt: Date | null;
  readonly decidedById: string | null;
  readonly comment: string | null;
  /** Evidence of a confirmation, or the filing number. */
  readonly evidence: string | null;
  /** Why it was cancelled or skipped. */
  readonly reason: string | null;
  /** The pool that it is one candidate's chance at; assignments of one pool in one attempt count as one ballot. */
  readonly pool?: string | null | undefined;
  /** Since when the person has claimed it from its pool; the others of the pool wait for them. */
  readonly claimedAt?: Date | null | undefined;
}

/** Whom someone has named for a later step. */
export interface StepChoice {
  readonly step: string;
  /** By whose choice: the requester's when submitting, or an earlier step's approver's when approving. */
  readonly rule: 'requester-choice' | 'previous-choice';
  readonly people: readonly string[];
}

/** A choice as given: the step, and whom. */
export interface GivenChoice {
  readonly step: string;
  readonly people: readonly string[];
}

/** A file as it is handed in. */
export type GivenFile = Pick<AttachedFile, 'fileId' | 'digest'>;

/** A file that someone added to the request; its digest proves which. */
export interface AttachedFile {
  readonly fileId: string;
  /** SHA-256 (hex) over its bytes. */
  readonly digest: string;
  readonly by: string;
  /** The assignment whose decision it goes with; null: beside the decisions. */
  readonly ordinal: number | null;
}

export interface RequestState {
  readonly id: string;
  readonly definition: ProcessDefinition;
  readonly status: RequestStatus;
  readonly pausedAt: Date | null;
  /** Why it stands still, when not because an administrator paused it by hand. */
  readonly pauseCause?: PauseCause | null | undefined;
  readonly round: number;
  readonly requesterId: string;
  /** Who answers for a requester who has left; the requester keeps their interest. */
  readonly contactId?: string | null | undefined;
  readonly submittedAt: Date;
  readonly endedAt: Date | null;
  readonly subject: SubjectSnapshot;
  readonly interests: readonly Interest[];
  /** Every step ever opened or skipped, oldest first; the current one of a key is the last of this round. */
  readonly steps: readonly StepState[];
  readonly assignments: readonly AssignmentState[];
  readonly returnedById: string | null;
  readonly lastNudgedAt: Date | null;
  /** When it ends by itself if nobody ends it before; null: never. */
  readonly expiresAt: Date | null;
  readonly questions: readonly QuestionState[];
  readonly readers: readonly Reader[];
  /** Whom people have named for the steps ahead; one entry for a step and rule, the latest. */
  readonly choices?: readonly StepChoice[] | undefined;
  /** Files added to it, with a decision or beside one, oldest first. */
  readonly attachments?: readonly AttachedFile[] | undefined;
  /** What stands here by an approval given elsewhere; null: nothing. */
  readonly carriedOver?: CarriedOver | null | undefined;
  /** Facts applied so far. */
  readonly factCount: number;
}

/** What is true at the moment of a command: the only view of the outside that the core gets. */
export interface World {
  readonly now: Date;
  readonly organisation: Organisation;
  readonly calendarOf: (key: string | null) => BusinessCalendar;
  /** Open assignments by person in other requests; loaded only for definitions that ask for the least loaded. */
  readonly load?: ReadonlyMap<string, number> | undefined;
}

export interface NewAssignment {
  readonly ordinal: number;
  readonly personId: string;
  readonly status: 'OPEN' | 'WAITING' | 'APPROVED';
  readonly rule: string;
  readonly group: string | null;
  readonly weight: number;
  readonly veto: boolean;
  readonly required: boolean;
  readonly position: number;
  readonly waitsFor: number | null;
  readonly handOver: HandOver | null;
  readonly previousOrdinal: number | null;
  readonly addedById: string | null;
  readonly comment: string | null;
  readonly pool?: string | undefined;
}

export type ExclusionReason =
  | 'INACTIVE'
  | 'ABSENT'
  | 'INTEREST'
  | 'DUPLICATE'
  | 'NEVER_SAME_AS'
  | 'UNKNOWN'
  /** Others have less to do. */
  | 'BUSIER';
export interface Exclusion {
  readonly personId: string;
  readonly rule: string;
  readonly reason: ExclusionReason;
}

export interface PlannedTimer {
  readonly kind: 'reminder' | 'rung';
  readonly index: number;
  readonly at: Date;
}

export type RequestOutcome = 'APPROVED' | 'REJECTED' | 'WITHDRAWN' | 'CANCELLED' | 'EXPIRED';
export type DecisionStatus =
  'APPROVED' | 'REJECTED' | 'ABSTAINED' | 'ADVISED' | 'CONFIRMED' | 'FILED' | 'RETURNED';

/** What happened. Stored append-only; dates are in the past, people are ids, `type` is past tense. */
export type Fact = {
  readonly at: Date;
  /** Number of the engine that made it; written when it is stored. */
  readonly engine?: number | undefined;
} & (
  | {
      readonly type: 'SUBMITTED';
      readonly by: string;
      readonly subject: SubjectSnapshot;
      readonly interests: readonly Interest[];
      readonly comment: string | null;
      readonly process: { readonly key: string; readonly version: number };
      readonly expiresAt: Date | null;
      readonly restartOf: RestartOf | null;
      readonly choices?: readonly StepChoice[] | undefined;
    }
  | {
      readonly type: 'STEP_OPENED';
      readonly step: string;
      readonly attempt: number;
      readonly dueAt: Date | null;
      readonly assignments: readonly NewAssignment[];
      readonly exclusions: readonly Exclusion[];
      readonly timers: readonly PlannedTimer[];
      /** Key of the business calendar that the times are reckoned by; not said where nothing is due. */
      readonly calendar?: string | undefined;
      /** What those who stand in and those they stand in for come to share. */
      readonly interests?: readonly Interest[] | undefined;
    }
  | {
      readonly type: 'STEP_SKIPPED';
      readonly step: string;
      readonly attempt: number;
      readonly reason: string;
      readonly exclusions: readonly Exclusion[];
    }
  | {
      readonly type: 'STEP_BLOCKED';
      readonly step: string;
      readonly attempt: number;
      readonly reason: string;
      readonly exclusions: readonly Exclusion[];
    }
  | { readonly type: 'PEOPLE_NOTIFIED'; readonly step: string; readonly people: readonly string[] }
  | { readonly type: 'ASSIGNMENT_OPENED'; readonly ordinal: number; readonly dueAt: Date | null }
  | {
      readonly type: 'DECIDED';
      readonly ordinal: number;
      readonly by: string;
      readonly decision: DecisionStatus;
      /** How it came, where the person did not sign in for it. */
      readonly via?: 'MAIL_LINK' | undefined;
      readonly comment: string | null;
      readonly evidence: string | null;
      readonly choices?: readonly StepChoice[] | undefined;
    }
  | {
      readonly type: 'DELEGATE_ANSWERED';
      readonly ordinal: number;
      readonly by: string;
      readonly proposal: DecisionStatus;
      readonly comment: string | null;
      /** null: nobody may confirm it, as whoever delegated has left; it decides nothing. */
      readonly confirmation: NewAssignment | null;
    }
  | {
      readonly type: 'ASSIGNMENT_CLOSED';
      readonly ordinal: number;
      readonly status: 'CANCELLED' | 'SKIPPED';
      readonly reason: string;
    }
  | {
      readonly type: 'HANDED_OVER';
      readonly ordinal: number;
      readonly by: string;
      readonly kind: 'DELEGATION' | 'TRANSFER' | 'ESCALATION' | 'ABSENCE' | 'LEAVER';
      readonly comment: string | null;
      readonly successor: NewAssignment;
      readonly interests: readonly Interest[];
    }
  | {
      readonly type: 'APPROVER_ADDED';
      readonly step: string;
      readonly by: string;
      readonly comment: string | null;
      readonly assignment: NewAssignment;
      readonly suspended: number | null;
    }
  | {
      readonly type: 'STEP_CLOSED';
      readonly step: string;
      readonly outcome: 'APPROVED' | 'REJECTED' | 'RETURNED' | 'CANCELLED' | 'SKIPPED';
      readonly reason: string | null;
    }
  | {
      readonly type: 'RETURNED';
      readonly by: string;
      readonly toStep: string | null;
      readonly comment: string | null;
    }
  | {
      readonly type: 'RESUBMITTED';
      readonly by: string;
      readonly round: number;
      readonly subject: SubjectSnapshot;
      readonly interests: readonly Interest[];
      readonly comment: string | null;
      readonly carried: readonly string[];
      readonly changed: readonly string[];
      readonly choices?: readonly StepChoice[] | undefined;
    }
  | {
      readonly type: 'NUDGED';
      readonly by: string;
      readonly people: readonly string[];
      readonly comment: string | null;
    }
  | {
      readonly type: 'REMINDED';
      readonly step: string;
      readonly attempt: number;
      readonly index: number;
      readonly people: readonly string[];
    }
  | {
      readonly type: 'ESCALATED';
      readonly step: string;
      readonly attempt: number;
      readonly rung: number;
      readonly action: 'remind' | 'notify' | 'add' | 'hand-over' | 'decide';
      readonly people: readonly string[];
      readonly assignments: readonly NewAssignment[];
      readonly exclusions: readonly Exclusion[];
      readonly interests?: readonly Interest[] | undefined;
    }
  | {
      readonly type: 'SYSTEM_DECIDED';
      readonly step: string;
      readonly verdict: 'APPROVE' | 'REJECT' | 'RETURN';
    }
  | {
      readonly type: 'ENDED';
      readonly outcome: RequestOutcome;
      readonly by: string;
      readonly comment: string | null;
    }
  | VerbFact
  | {
      /** Approvals given elsewhere stand here; those in `asked` had been given too, and are asked anew. */
      readonly type: 'CARRIED_OVER';
      readonly by: string;
      readonly because: CarryReason;
      readonly from: {
        readonly requestId: string;
        readonly number: string;
        readonly type: string;
        readonly subjectId: string;
        readonly digest: string;
      };
      /** Fields that differ, or are outside of what was approved. */
      readonly changed: readonly string[];
      readonly carried: readonly CarriedStep[];
      readonly asked: readonly LeftStep[];
    }
  | {
      readonly type: 'ATTACHED';
      readonly by: string;
      /** The assignment that is being decided with them; null: beside the decisions. */
      readonly ordinal: number | null;
      readonly files: readonly GivenFile[];
      readonly comment: string | null;
    }
  | { readonly type: 'CLAIMED'; readonly ordinal: number; readonly by: string }
  | { readonly type: 'RELEASED'; readonly ordinal: number; readonly by: string }
  | {
      /** A turn that a substitute left untouched is its person's again. */
      readonly type: 'GIVEN_BACK';
      readonly ordinal: number;
      readonly by: string;
      readonly successor: NewAssignment;
    }
  | {
      /** Moved to another version of its definition; what is undone by it follows in facts of its own. */
      readonly type: 'MIGRATED';
      readonly override: true;
      readonly by: string;
      readonly comment: string;
      readonly process: { readonly key: string; readonly version: number };
      readonly fromVersion: number;
      readonly toVersion: number;
      /** Keys of the steps that stand as they were: decided, or asked with the votes given so far. */
      readonly carried: readonly string[];
      /** Keys of the steps that are asked anew when their turn comes. */
      readonly asked: readonly string[];
      /** Keys of the steps that the new version does not have. */
      readonly removed: readonly string[];
    }
  | {
      /** Who answers for someone who has left: for the requester, and to questions that were put to the leaver. */
      readonly type: 'CONTACT_CHANGED';
      readonly by: string;
      readonly fromPersonId: string;
      readonly personId: string;
    }
);

export type FactType = Fact['type'];

/** What someone wants to happen. `by` is a person id, or SYSTEM for a timer. */
export type Command =
  | {
      readonly type: 'submit';
      readonly by: string;
      readonly subject: SubjectSnapshot;
      readonly interests: readonly Interest[];
      readonly comment: string | null;
      readonly restartOf?: RestartOf;
      readonly carry?: Carry | undefined;
      readonly choices?: readonly GivenChoice[] | undefined;
    }
  | {
      readonly type: 'decide';
      readonly by: string;
      readonly ordinal: number;
      readonly action: DecisionAction;
      readonly comment: string | null;
      readonly evidence: string | null;
      /** How it came, where the person did not sign in for it. */
      readonly via?: 'MAIL_LINK' | undefined;
      /** When the person last proved who they are; some steps demand that it is fresh. */
      readonly signedInAt?: Date;
      readonly choices?: readonly GivenChoice[] | undefined;
      readonly files?: readonly GivenFile[] | undefined;
    }
  | {
      readonly type: 'return';
      readonly by: string;
      readonly ordinal: number;
      readonly toStep: string | null;
      readonly comment: string | null;
      readonly signedInAt?: Date;
      readonly files?: readonly GivenFile[] | undefined;
    }
  | {
      readonly type: 'resubmit';
      readonly by: string;
      readonly subject: SubjectSnapshot;
      readonly interests: readonly Interest[];
      readonly comment: string | null;
      readonly choices?: readonly GivenChoice[] | undefined;
    }
  | { readonly type: 'withdraw'; readonly by: string; readonly comment: string | null }
  | { readonly type: 'cancel'; readonly by: string; readonly comment: string | null }
  | {
      readonly type: 'hand-over';
      readonly by: string;
      readonly ordinal: number;
      readonly kind: 'DELEGATION' | 'TRANSFER';
      readonly toPersonId: string;
      readonly comment: string | null;
    }
  | {
      readonly type: 'add-approver';
      readonly by: string;
      readonly ordinal: number;
      readonly personId: string;
      readonly position: 'BEFORE' | 'BESIDE' | 'AFTER';
      readonly comment: string | null;
    }
  | { readonly type: 'nudge'; readonly by: string; readonly comment: string | null }
  | { readonly type: 'unblock'; readonly by: string }
  | {
      readonly type: 'timer';
      readonly step: string;
      readonly attempt: number;
      readonly round: number;
      readonly kind: 'reminder' | 'rung';
      readonly index: number;
    }
  | VerbCommand
  /** Adds files to the request, beside the decisions. */
  | {
      readonly type: 'attach';
      readonly by: string;
      readonly files: readonly GivenFile[];
      readonly comment: string | null;
    }
  | { readonly type: 'claim' | 'release'; readonly by: string; readonly ordinal: number }
  /** Hands the turns of someone who is away to whoever stands in. `by`: who set the absence, or SYSTEM when it begins. */
  | { readonly type: 'substitute'; readonly by: string; readonly personId: string }
  /** Gives back what a substitute left untouched, to someone who is there again. */
  | { readonly type: 'give-back'; readonly by: string; readonly personId: string }
  /** Hands the turns of a leaver to a successor for good. */
  | {
      readonly type: 'replace-leaver';
      readonly by: string;
      readonly personId: string;
      readonly successorId: string;
    }
  /** Moves the request to another version of its definition. */
  | {
      readonly type: 'migrate';
      readonly by: string;
      readonly definition: ProcessDefinition;
      readonly comment: string | null;
    }
  /** Pauses it for a new version of its definition; `release-hold` lets go of what was paused so. */
  | { readonly type: 'hold' | 'release-hold'; readonly by: string; readonly comment: string | null };

export type DecisionAction = 'APPROVE' | 'REJECT' | 'ABSTAIN' | 'ADVISE' | 'CONFIRM' | 'FILE';

/** The request before its first fact. */
export function newRequest(id: string, definition: ProcessDefinition, now: Date): RequestState {
  return {
    id,
    definition,
    status: 'PENDING',
    pausedAt: null,
    pauseCause: null,
    round: 1,
    requesterId: '',
    contactId: null,
    submittedAt: now,
    endedAt: null,
    subject: {
      type: definition.subjectType,
      id: '',
      title: '',
      ownerId: '',
      departmentId: null,
      content: {},
      digest: '',
    },
    interests: [],
    steps: [],
    assignments: [],
    returnedById: null,
    lastNudgedAt: null,
    expiresAt: null,
    questions: [],
    readers: [],
    choices: [],
    carriedOver: null,
    attachments: [],
    factCount: 0,
  };
}

/** To whom returns and questions go, and who acts on the request as a whole: the requester, or who answers for them. */
export const contactOf = ({ contactId, requesterId }: RequestState): string => contactId ?? requesterId;

export const isEnded = (request: RequestState): boolean =>
  request.status !== 'PENDING' && request.status !== 'RETURNED';

/** The live state of a step in this round, if it was opened, skipped or blocked. */
export function currentStep(request: RequestState, key: string): StepState | undefined {
  return request.steps.findLast((step) => step.key === key && step.round === request.round);
}

/** The assignments of a step's live attempt. */
export function assignmentsOf(request: RequestState, step: StepState): AssignmentState[] {
  return request.assignments.filter(
    (assignment) =>
      assignment.stepKey === step.key &&
      assignment.round === step.round &&
      assignment.attempt === step.attempt,
  );
}

export const isDecided = (assignment: AssignmentState): boolean =>
  ['APPROVED', 'REJECTED', 'ABSTAINED', 'CONFIRMED', 'FILED', 'ADVISED', 'RETURNED'].includes(
    assignment.status,
  );

export const isLive = (assignment: AssignmentState): boolean =>
  assignment.status === 'OPEN' || assignment.status === 'WAITING';

/** Why a turn ended or a step was undone when the request was moved to another version of its definition. */
export const MIGRATED = 'MIGRATED';

/** Why an assignment was cancelled that was still an operand when its step was decided without it. */
export const STEP_DECIDED = 'STEP_DECIDED';

/**
 * The vote an assignment stands for; undefined when it is no operand (handed over, taken away, skipped, an opinion).
 * One that was still open when the step was decided stays an open ballot, so that the outcome of a closed step can be
 * computed again from its assignments.
 */
export function ballotOf(assignment: AssignmentState): Ballot | undefined {
  const verdict = verdictOf(assignment);
  if (verdict === undefined) return undefined;
  const { weight, group, veto, required } = assignment;
  return { verdict, weight, group, veto, required };
}

function verdictOf({ status, reason }: AssignmentState): Ballot['verdict'] | undefined {
  switch (status) {
    case 'APPROVED':
    case 'CONFIRMED':
    case 'FILED':
      return 'APPROVE';
    case 'REJECTED':
      return 'REJECT';
    case 'ABSTAINED':
      return 'ABSTAIN';
    case 'OPEN':
    case 'WAITING':
      return null;
    case 'CANCELLED':
      return reason === STEP_DECIDED ? null : undefined;
    default:
      return undefined;
  }
}

/** Everyone in whose name the assignment is held: its person, and all who handed it on or are stood in for. */
export function peopleBehind(request: RequestState, assignment: AssignmentState): string[] {
  const { personId, previousOrdinal, handOver } = assignment;
  const from = previousOrdinal === null ? undefined : request.assignments[previousOrdinal - 1];
  if (from) return [personId, ...peopleBehind(request, from)];
  return handOver ? [personId, handOver.fromPersonId] : [personId];
}

/** Whether this attempt is the one that stands by what was approved in another request. */
export const standsByCarryOver = (
  { carriedOver }: RequestState,
  { key, round, attempt }: Pick<StepState, 'key' | 'round' | 'attempt'>,
): boolean => round === 1 && attempt === 1 && (carriedOver?.steps.some(({ step }) => step === key) ?? false);

/** The operands of the step's formula. */
export const ballotsOf = (request: RequestState, step: StepState): Ballot[] =>
  operandsOf(assignmentsOf(request, step));

/** The ballots of these assignments; all who could take one turn from a pool are one ballot. */
export function operandsOf(assignments: readonly AssignmentState[]): Ballot[] {
  const pools = new Set<string>();
  return assignments.flatMap((assignment) => {
    const ballot = ballotOf(assignment);
    if (!ballot || !assignment.pool) return ballot ?? [];
    if (pools.has(assignment.pool)) return [];
    pools.add(assignment.pool);
    return ballot;
  });
}

/** The others who could have taken the turn, and still could. */
export const poolMates = (request: RequestState, assignment: AssignmentState): AssignmentState[] =>
  assignment.pool
    ? request.assignments.filter(
        (other) =>
          other.ordinal !== assignment.ordinal &&
          other.pool === assignment.pool &&
          other.stepKey === assignment.stepKey &&
          other.round === assignment.round &&
          other.attempt === assignment.attempt &&
          isLive(other),
      )
    : [];

/** Whether the flow goes past the step. An opinion blocks nothing, not even when nobody can be asked for it. */
export function isPassed(node: StepNode, step: StepState | undefined): boolean {
  if (!step) return false;
  return node.kind === 'advise' || step.status === 'APPROVED' || step.status === 'SKIPPED';
}

/** Whether the person is among those with an interest, whatever the definition allows them. */
export const hasInterest = (request: RequestState, personId: string): boolean =>
  request.interests.some((entry) => entry.personId === personId);

/**
 * The interest that keeps this person from deciding, or null. `allow` in the definition lifts every interest; `allow`
 * on the step lifts the requester's, however many reasons they have, and that of those who share it by a hand-over.
 */
export function interestOf(
  request: RequestState,
  step: DecisionStep | undefined,
  personId: string,
): Interest | null {
  if (request.definition.interest === 'allow') return null;
  const found = request.interests.filter((entry) => entry.personId === personId);
  if (step?.onRequester !== 'allow') return found[0] ?? null;
  if (personId === request.requesterId) return null;
  return found.find((entry) => entry.because !== 'HAND_OVER') ?? null;
}
