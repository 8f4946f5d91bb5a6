import canonicalize from 'canonicalize';
import { dependsOnAny } from './depends-on.js';
import { emit, type Draft } from './draft.js';
import { conditionHolds } from './open-step.js';
import { isDecisionStep, nodesOf, stepOf, type DecisionStep, type ProcessDefinition } from './process.js';
import {
  ballotOf,
  currentStep,
  interestOf,
  peopleBehind,
  type AssignmentState,
  type RequestState,
  type World,
} from './request.js';
import { parallelsAround } from './route.js';

// Approvals that stand in a new request although nobody is asked there: those of the request that approved the same
// subject before it was changed, and those of the document that this one follows from. An ended request never changes;
// the new one says what it took over, from where, and what it asks anew and why.

/** What a new request may take over. */
export interface Carry {
  /** RE_APPROVAL: of the same subject, changed since; FOLLOW_UP: of the document that it was made from. */
  readonly because: CarryReason;
  readonly source: RequestState;
  /** The source's number, for people. */
  readonly number: string;
  /** Fields of the new subject that differ, or are outside of what was approved. */
  readonly changed: readonly string[];
  /** Steps of the source whose approval is void by now. */
  readonly voided: readonly string[];
}

export type CarryReason = 'RE_APPROVAL' | 'FOLLOW_UP';

/** A vote that stands in the new request as it was given in the source. */
export interface CarriedVote {
  readonly ordinal: number;
  /** Its ordinal in the source. */
  readonly from: number;
  readonly personId: string;
  readonly status: 'APPROVED' | 'CONFIRMED' | 'FILED';
  readonly rule: string;
  readonly group: string | null;
  readonly weight: number;
  readonly veto: boolean;
  readonly handOver: AssignmentState['handOver'];
  readonly evidence: string | null;
}

export interface CarriedStep {
  readonly step: string;
  /** Its key in the source. */
  readonly from: string;
  /** Everyone in whose name it was approved. */
  readonly people: readonly string[];
  readonly votes: readonly CarriedVote[];
}

/** A step that had been approved, and is asked again. */
export interface LeftStep {
  readonly step: string;
  readonly from: string;
  /** TOUCHED: a field that it rests on; REDEFINED: the process says it otherwise by now; INTEREST, NEVER_SAME_AS: who
   *  approved it may not any more; VOID: it is void in the source already. */
  readonly reason: 'TOUCHED' | 'REDEFINED' | 'INTEREST' | 'NEVER_SAME_AS' | 'VOID';
}

/** What of a request stands by carry-over, as its row keeps it. */
export interface CarriedOver {
  readonly because: CarryReason;
  readonly requestId: string;
  readonly number: string;
  readonly steps: readonly { readonly step: string; readonly people: readonly string[] }[];
}

export interface Considered {
  readonly carried: readonly Omit<CarriedStep, 'votes'>[];
  readonly asked: readonly LeftStep[];
}

/**
 * Which approvals of the source stand for this request, and which approved steps are asked again. `request` is the new
 * one as it is being submitted. An approval by someone who has an interest in the new subject never carries.
 * @throws CONDITION_FAILED
 */
export function considerCarry(request: RequestState, carry: Carry, world: World): Considered {
  const carried: Omit<CarriedStep, 'votes'>[] = [];
  const asked: LeftStep[] = [];
  for (const step of nodesOf(request.definition.steps)) {
    if (!isDecisionStep(step)) continue;
    const from = carry.because === 'FOLLOW_UP' ? (step.carries ?? step.key) : step.key;
    if (!wasApproved(carry, from)) continue;
    if (carry.because === 'FOLLOW_UP' && step.kind !== 'approve') continue;
    if (!wouldBeAsked(request, step, world)) continue;
    const people = peopleBehindApproval(carry.source, from);
    const reason = whyNot(request, step, from, people, carry);
    if (reason === null) carried.push({ step: step.key, from, people });
    else asked.push({ step: step.key, from, reason });
  }
  return separated(request.definition, { carried, asked });
}

function wasApproved({ source }: Carry, key: string): boolean {
  const node = stepOf(source.definition, key);
  return isDecisionStep(node) && currentStep(source, key)?.status === 'APPROVED';
}

const wouldBeAsked = (request: RequestState, step: DecisionStep, world: World): boolean =>
  [step.key, ...parallelsAround(request.definition, step.key)].every((key) =>
    conditionHolds(request, stepOf(request.definition, key)?.when ?? null, world),
  );

function whyNot(
  request: RequestState,
  step: DecisionStep,
  from: string,
  people: readonly string[],
  { because, source, changed, voided }: Carry,
): LeftStep['reason'] | null {
  if (voided.includes(from)) return 'VOID';
  if (because === 'RE_APPROVAL' && !isSameStep(request.definition, source.definition, step.key))
    return 'REDEFINED';
  if (dependsOnAny(step, changed, request.definition)) return 'TOUCHED';
  return people.some((personId) => interestOf(request, step, personId) !== null) ? 'INTEREST' : null;
}

/** Whether both definitions ask the same of the same people in this step; words and due times apart. */
function isSameStep(one: ProcessDefinition, other: ProcessDefinition, key: string): boolean {
  if (one.key !== other.key) return false;
  const asks = (definition: ProcessDefinition): string | undefined => {
    const step = stepOf(definition, key);
    if (!isDecisionStep(step)) return undefined;
    const { kind, approvers, formula, dependsOn, neverSameAs, onRequester } = step;
    const { authority = null, interest } = definition;
    return canonicalize({
      kind,
      approvers,
      formula,
      dependsOn,
      neverSameAs,
      onRequester,
      authority,
      interest,
    });
  };
  return asks(one) === asks(other);
}

/** What the new definition keeps apart stays apart: of two approvals by one person the later is asked again. */
function separated(definition: ProcessDefinition, { carried, asked }: Considered): Considered {
  const kept: Omit<CarriedStep, 'votes'>[] = [];
  const left = [...asked];
  for (const one of carried) {
    const node = stepOf(definition, one.step);
    const apart = isDecisionStep(node) ? node.neverSameAs : [];
    const shared = kept.some(
      (other) => apart.includes(other.step) && other.people.some((id) => one.people.includes(id)),
    );
    if (shared) left.push({ step: one.step, from: one.from, reason: 'NEVER_SAME_AS' });
    else kept.push(one);
  }
  return { carried: kept, asked: left };
}

/** Everyone in whose name the step was decided when it was decided last, in whatever round or request that was. */
export function peopleBehindApproval(request: RequestState, key: string): string[] {
  const votes = lastVotes(request, key);
  const before = votes.every(({ reason }) => reason === 'CARRIED')
    ? (request.carriedOver?.steps.find(({ step }) => step === key)?.people ?? [])
    : [];
  return [...new Set([...votes.flatMap((vote) => peopleBehind(request, vote)), ...before])];
}

/** The votes of the attempt in which the step was decided last. */
export function lastVotes(request: RequestState, key: string): AssignmentState[] {
  const votes = request.assignments.filter((one) => one.stepKey === key && ballotOf(one)?.verdict);
  const last = votes.at(-1);
  return votes.filter(({ round, attempt }) => round === last?.round && attempt === last.attempt);
}

/** Puts what carries into the request that has just been submitted. Nothing happens when nothing had been approved. */
export function carryOver(draft: Draft, by: string, carry: Carry): void {
  const { carried, asked } = considerCarry(draft.request, carry, draft.world);
  if (carried.length === 0 && asked.length === 0) return;
  const { because, number, changed, source } = carry;
  let ordinal = draft.request.assignments.length;
  const steps = carried.map((one): CarriedStep => ({
    ...one,
    votes: lastVotes(source, one.from)
      .filter(({ status }) => isYes(status))
      .map((vote): CarriedVote => {
        ordinal += 1;
        const { personId, rule, group, weight, veto, handOver, evidence } = vote;
        const status = vote.status as CarriedVote['status'];
        return {
          ordinal,
          from: vote.ordinal,
          personId,
          status,
          rule,
          group,
          weight,
          veto,
          handOver,
          evidence,
        };
      }),
  }));
  const { id: requestId, subject } = source;
  const from = { requestId, number, type: subject.type, subjectId: subject.id, digest: subject.digest };
  emit(draft, { type: 'CARRIED_OVER', by, because, from, changed, carried: steps, asked });
}

const isYes = (status: AssignmentState['status']): boolean =>
  status === 'APPROVED' || status === 'CONFIRMED' || status === 'FILED';

/** Every step that the request has approved, by whomever. */
export const approvedSteps = (request: RequestState): string[] =>
  [...nodesOf(request.definition.steps)]
    .filter(isDecisionStep)
    .filter(({ key }) => currentStep(request, key)?.status === 'APPROVED')
    .map(({ key }) => key);
