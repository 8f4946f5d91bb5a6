import { unreachable } from '../errors.js';
import { carryInto } from './evolve-carry.js';
import { evolveVerb, lapseQuestions } from './evolve-verbs.js';
import { addAssignments, patch, patchStep, succeed } from './patch.js';
import {
  contactOf,
  currentStep,
  MIGRATED,
  poolMates,
  SYSTEM,
  type AssignmentState,
  type AssignmentStatus,
  type Fact,
  type Interest,
  type RequestState,
  type StepChoice,
  type StepState,
} from './request.js';

/**
 * The request after a fact. Total: it never throws on a fact that `decide` made, asks no outside, and replaying all
 * facts of a request from `newRequest` gives its stored rows, field by field. It never reads the definition, so a
 * request that was moved to another version replays on the one it has now.
 */
export function evolve(request: RequestState, fact: Fact): RequestState {
  return { ...lapseQuestions(transition(request, fact)), factCount: request.factCount + 1 };
}

function transition(request: RequestState, fact: Fact): RequestState {
  switch (fact.type) {
    case 'SUBMITTED':
      return {
        ...request,
        requesterId: fact.by,
        submittedAt: fact.at,
        subject: fact.subject,
        interests: fact.interests,
        expiresAt: fact.expiresAt,
        choices: fact.choices ?? [],
      };
    case 'STEP_OPENED':
      return addAssignments(
        addStep(withInterests(request, fact.interests), {
          key: fact.step,
          attempt: fact.attempt,
          status: 'OPEN',
          openedAt: fact.at,
          dueAt: fact.dueAt,
          closedAt: null,
          reason: null,
          timers: fact.timers,
          calendarKey: fact.calendar ?? null,
        }),
        fact.step,
        fact.attempt,
        fact.assignments,
        fact.at,
        fact.dueAt,
      );
    case 'STEP_SKIPPED':
      return addStep(request, {
        key: fact.step,
        attempt: fact.attempt,
        status: 'SKIPPED',
        openedAt: fact.at,
        dueAt: null,
        closedAt: fact.at,
        reason: fact.reason,
      });
    case 'STEP_BLOCKED':
      return blockStep(request, fact);
    case 'PEOPLE_NOTIFIED': {
      const attempt =
        request.steps.filter((step) => step.key === fact.step && step.round === request.round).length + 1;
      return addStep(request, {
        key: fact.step,
        attempt,
        status: 'APPROVED',
        openedAt: fact.at,
        dueAt: null,
        closedAt: fact.at,
        reason: 'NOTIFIED',
      });
    }
    case 'ASSIGNMENT_OPENED':
      return patch(request, fact.ordinal, { status: 'OPEN', openedAt: fact.at, dueAt: fact.dueAt });
    case 'DECIDED':
      return patch(withChoices(request, fact.choices), fact.ordinal, {
        status: fact.decision,
        decidedAt: fact.at,
        decidedById: fact.by,
        comment: fact.comment,
        evidence: fact.evidence,
      });
    case 'DELEGATE_ANSWERED': {
      const answered = patch(request, fact.ordinal, {
        status: 'ADVISED',
        decidedAt: fact.at,
        decidedById: fact.by,
        comment: fact.comment,
        reason: `proposes ${fact.proposal}`,
      });
      return fact.confirmation ? succeed(answered, fact.ordinal, fact.confirmation, fact.at) : answered;
    }
    case 'ASSIGNMENT_CLOSED':
      return patch(request, fact.ordinal, { status: fact.status, reason: fact.reason });
    case 'HANDED_OVER': {
      const back = fact.kind === 'DELEGATION' || fact.kind === 'ABSENCE';
      const status: AssignmentStatus = back ? 'DELEGATED' : 'TRANSFERRED';
      const reason = fact.kind === 'ABSENCE' || fact.kind === 'LEAVER' ? { reason: fact.kind } : {};
      const handed = patch(request, fact.ordinal, { status, comment: fact.comment, ...reason });
      return succeed(
        { ...handed, interests: mergeInterests(request.interests, fact.interests) },
        fact.ordinal,
        fact.successor,
        fact.at,
      );
    }
    case 'APPROVER_ADDED': {
      const step = request.steps.findLast(
        (entry) => entry.key === fact.step && entry.round === request.round,
      );
      const added = addAssignments(
        request,
        fact.step,
        step?.attempt ?? 1,
        [fact.assignment],
        fact.at,
        step?.dueAt ?? null,
      );
      return fact.suspended === null
        ? added
        : patch(added, fact.suspended, { status: 'WAITING', waitsFor: fact.assignment.ordinal });
    }
    case 'STEP_CLOSED':
      return patchStep(request, fact.step, { status: fact.outcome, closedAt: fact.at, reason: fact.reason });
    case 'RETURNED':
      return fact.toStep === null
        ? { ...request, status: 'RETURNED', returnedById: fact.by === SYSTEM ? null : fact.by }
        : request;
    case 'RESUBMITTED':
      return carry(
        {
          ...withChoices(request, fact.choices),
          status: 'PENDING',
          subject: fact.subject,
          interests: fact.interests,
          lastNudgedAt: null,
        },
        fact.round,
        fact.carried,
        fact.at,
      );
    case 'NUDGED':
      return { ...request, lastNudgedAt: fact.at };
    case 'REMINDED':
      return patchStep(request, fact.step, {
        timers: timersLeft(request, fact.step, 'reminder', fact.index),
      });
    case 'SYSTEM_DECIDED':
      return request;
    case 'ESCALATED': {
      const step = request.steps.findLast(
        (entry) => entry.key === fact.step && entry.round === request.round,
      );
      const timers = timersLeft(request, fact.step, 'rung', fact.rung - 1);
      const raised = patchStep(withInterests(request, fact.interests), fact.step, {
        rung: fact.rung,
        timers,
      });
      return addAssignments(raised, fact.step, fact.attempt, fact.assignments, fact.at, step?.dueAt ?? null);
    }
    case 'ENDED':
      return { ...request, status: fact.outcome, endedAt: fact.at, pausedAt: null, pauseCause: null };
    case 'INFORMATION_REQUESTED':
    case 'INFORMATION_GIVEN':
    case 'CLOCK_RESTARTED':
    case 'DUE_MOVED':
    case 'EXPIRY_MOVED':
    case 'PAUSED':
    case 'RESUMED':
    case 'COMMENTED':
    case 'COPIED_IN':
    case 'REVOKED':
    case 'APPROVER_REMOVED':
    case 'AMENDED':
    case 'REASSIGNED':
    case 'OVERRIDDEN':
      return evolveVerb(request, fact);
    case 'ATTACHED': {
      const { by, ordinal, files } = fact;
      const added = files.map((file) => ({ ...file, by, ordinal }));
      return { ...request, attachments: [...(request.attachments ?? []), ...added] };
    }
    case 'CARRIED_OVER':
      return carryInto(request, fact);
    case 'CLAIMED':
      return patchMates(patch(request, fact.ordinal, { claimedAt: fact.at }), fact.ordinal, () => ({
        status: 'WAITING',
        waitsFor: fact.ordinal,
      }));
    case 'RELEASED':
      return patchMates(patch(request, fact.ordinal, { claimedAt: null }), fact.ordinal, (mate, released) =>
        mate.waitsFor === fact.ordinal
          ? {
              status: 'OPEN',
              waitsFor: null,
              openedAt: mate.openedAt ?? fact.at,
              dueAt: released.dueAt,
            }
          : null,
      );
    case 'GIVEN_BACK':
      return succeed(
        patch(request, fact.ordinal, { status: 'CANCELLED', reason: 'GIVEN_BACK' }),
        fact.ordinal,
        fact.successor,
        fact.at,
      );
    case 'CONTACT_CHANGED':
      return {
        ...request,
        contactId: contactOf(request) === fact.fromPersonId ? fact.personId : (request.contactId ?? null),
        questions: request.questions.map((one) =>
          one.status === 'OPEN' && one.askedOfId === fact.fromPersonId
            ? { ...one, askedOfId: fact.personId }
            : one,
        ),
      };
    case 'MIGRATED':
      return { ...request, steps: request.steps.map((step) => kept(request, step, fact.carried)) };
    default:
      return unreachable(fact);
  }
}

/** A decision that stays on another version is not taken back there: it was made by the rules of the one before. */
const kept = (request: RequestState, step: StepState, carried: readonly string[]): StepState =>
  step.status === 'APPROVED' &&
  step.reason === null &&
  carried.includes(step.key) &&
  currentStep(request, step.key) === step
    ? { ...step, reason: MIGRATED }
    : step;

/** The step's timers without one that has acted. */
function timersLeft(
  request: RequestState,
  key: string,
  kind: 'reminder' | 'rung',
  index: number,
): StepState['timers'] {
  const timers = currentStep(request, key)?.timers ?? [];
  return timers.filter((timer) => timer.kind !== kind || timer.index !== index);
}

/** Changes the others of the pool who could still take the turn. */
function patchMates(
  request: RequestState,
  ordinal: number,
  change: (mate: AssignmentState, own: AssignmentState) => Partial<AssignmentState> | null,
): RequestState {
  const own = request.assignments[ordinal - 1];
  if (!own) return request;
  return poolMates(request, own).reduce(
    (state, mate) => patch(state, mate.ordinal, change(mate, own) ?? {}),
    request,
  );
}

/** A later choice for a step takes the place of the one before. */
function withChoices(request: RequestState, made: readonly StepChoice[] = []): RequestState {
  if (made.length === 0) return request;
  const kept = (request.choices ?? []).filter(
    (old) => !made.some((one) => one.step === old.step && one.rule === old.rule),
  );
  return { ...request, choices: [...kept, ...made] };
}

type NewStep = Omit<StepState, 'round' | 'rung' | 'timers' | 'clockStoppedAt'> &
  Partial<Pick<StepState, 'timers'>>;

const addStep = (request: RequestState, step: NewStep): RequestState => ({
  ...request,
  steps: [
    ...request.steps,
    {
      timers: [],
      calendarKey: null,
      ...step,
      round: request.round,
      rung: 0,
      // A leaver's turn can open a step during a pause: its clock stands still from the first moment.
      clockStoppedAt: request.pausedAt !== null && step.status === 'OPEN' ? step.openedAt : null,
    },
  ],
});

/** A block of a step not yet opened adds it; of an open one (nobody can decide it any more) changes it. */
function blockStep(request: RequestState, fact: Extract<Fact, { type: 'STEP_BLOCKED' }>): RequestState {
  const open = request.steps.some(
    (step) => step.key === fact.step && step.round === request.round && step.attempt === fact.attempt,
  );
  if (open) return patchStep(request, fact.step, { status: 'BLOCKED', reason: fact.reason });
  return addStep(request, {
    key: fact.step,
    attempt: fact.attempt,
    status: 'BLOCKED',
    openedAt: fact.at,
    dueAt: null,
    closedAt: null,
    reason: fact.reason,
  });
}

/** Starts the next round; carried steps stand in it as they were decided, without asking anyone again. */
function carry(request: RequestState, round: number, carried: readonly string[], at: Date): RequestState {
  const steps = carried.map((key): StepState => {
    const old = request.steps.findLast((step) => step.key === key && step.round === request.round);
    return {
      key,
      round,
      attempt: 1,
      status: 'APPROVED',
      openedAt: old?.openedAt ?? at,
      dueAt: null,
      closedAt: at,
      reason: 'CARRIED',
      rung: 0,
      timers: [],
      clockStoppedAt: null,
      calendarKey: null,
    };
  });
  return { ...request, round, steps: [...request.steps, ...steps] };
}

const withInterests = (request: RequestState, added: readonly Interest[] = []): RequestState =>
  added.length === 0 ? request : { ...request, interests: mergeInterests(request.interests, added) };

function mergeInterests(known: readonly Interest[], added: readonly Interest[]): readonly Interest[] {
  const fresh = added.filter((interest) => !known.some((entry) => entry.personId === interest.personId));
  return fresh.length === 0 ? known : [...known, ...fresh];
}
