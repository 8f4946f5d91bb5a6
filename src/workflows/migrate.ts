import canonicalize from 'canonicalize';
import { isRefusal, messageOf, refusal, type Language } from '../errors.js';
import { lastVotes, peopleBehindApproval } from './carry-over.js';
import { demandsOn, requireChosen, willBeAsked } from './choices.js';
import { movedExpiry } from './clock.js';
import { restsOnNoMore } from './depends-on.js';
import { emit, type Draft } from './draft.js';
import { advance, cancelLive } from './flow.js';
import { outcomeOf, type Ballot } from './formula.js';
import { approversFor, conditionHolds } from './open-step.js';
import { isApprovedBySomebody, requireReason } from './override.js';
import { permitOverride } from './permit-verbs.js';
import { innerRules, isDecisionStep, nodesOf, stepOf } from './process.js';
import type {
  ApproverRule,
  DecisionStep,
  Localised,
  ParallelStep,
  ProcessDefinition,
  StepNode,
} from './process.js';
import {
  assignmentsOf,
  currentStep,
  isPassed,
  MIGRATED,
  operandsOf,
  peopleBehind,
  standsByCarryOver,
  type AssignmentState,
  type Command,
  type RequestState,
  type StepState,
  type World,
} from './request.js';
import { barrierTo } from './resolve-approvers.js';
import { keysBefore, parallelsAround } from './route.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * Moves the request to another version of its definition. A decision stays where the new version would have been
 * content with it: the step is the same, or those who decided it would be asked by the new rule and their votes approve
 * it by the new formula; one that was carried here, as long as it would still be carried. Every other step that the new version has is asked anew when its turn comes, and whoever had
 * approved it and is asked again keeps their vote, unless it was given in another request. What was held for the new version goes on.
 * @throws those of `permitOverride`, COMMENT_REQUIRED, NO_NEWER_VERSION, MIGRATION_IMPOSSIBLE
 */
export function migrate(draft: Draft, { by, definition, ...command }: Of<'migrate'>): void {
  const before = draft.request;
  permitOverride(before, 'MIGRATE', by);
  const comment = requireReason(command.comment);
  requireFits(before, definition, draft.world);
  const { carried, asked, removed } = planOf(before, definition, draft.world);
  const { key, version: toVersion } = definition;
  const process = { key, version: toVersion };
  const fromVersion = before.definition.version;
  const moved = { process, fromVersion, toVersion, carried, asked, removed } as const;
  emit(draft, { type: 'MIGRATED', override: true, by, comment, ...moved });
  for (const step of [...asked, ...removed]) undo(draft, step, removed.includes(step));
  if (draft.request.pauseCause === 'NEW_VERSION') goOn(draft, by, null);
  draft.request = { ...draft.request, definition };
  if (draft.request.status === 'PENDING') advance(draft);
  if (draft.request.status === 'APPROVED' && !isApprovedBySomebody(draft.request))
    throw impossible(definition, WHY_NOT.nobody);
}

/** A step that the new version has waits to be asked again; one that it has not is over. */
function undo(draft: Draft, step: string, isRemoved: boolean): void {
  const state = currentStep(draft.request, step);
  if (!state) return;
  const stands = state.status === 'OPEN' || state.status === 'BLOCKED';
  if (isRemoved && !stands) return;
  cancelLive(draft, state, MIGRATED);
  emit(draft, { type: 'STEP_CLOSED', step, outcome: isRemoved ? 'CANCELLED' : 'RETURNED', reason: MIGRATED });
}

/** Lets the request stand still until it is moved to the new version or released; a returned one is not resubmitted.
 *  @throws those of `permitOverride`, COMMENT_REQUIRED */
export function hold(draft: Draft, { by, comment }: Of<'hold' | 'release-hold'>): void {
  permitOverride(draft.request, 'HOLD', by);
  emit(draft, { type: 'PAUSED', by, comment: requireReason(comment), cause: 'NEW_VERSION' });
}

/** It goes on, on the version it has. @throws those of `permitOverride` */
export function releaseHold(draft: Draft, { by, comment }: Of<'hold' | 'release-hold'>): void {
  permitOverride(draft.request, 'RELEASE', by);
  goOn(draft, by, comment);
}

const goOn = (draft: Draft, by: string, comment: string | null): void =>
  emit(draft, { type: 'RESUMED', by, comment, expiresAt: movedExpiry(draft.request, draft.world) });

/** Why a request can't move, as people read it. */
const WHY_NOT = {
  nobody: { en: 'nobody would have approved the request', zh: '将没有任何人批准过该申请' },
  other: { en: 'it is a process for something else', zh: '该流程用于其他事项' },
  choice: '新版本要求申请人指定审批人，而申请中未指定',
  guard: { en: 'its guard does not hold for the subject', zh: '其适用条件对该事项不成立' },
} as const;

const impossible = ({ key, version }: ProcessDefinition, why: Localised): Error =>
  refusal('MIGRATION_IMPOSSIBLE', { process: key, version, reason: why.en, reasonZh: why.zh });

/** Whether the version is for this request at all. @throws NO_NEWER_VERSION, MIGRATION_IMPOSSIBLE */
function requireFits(request: RequestState, definition: ProcessDefinition, world: World): void {
  const { definition: present } = request;
  if (present.key === definition.key && present.version === definition.version)
    throw refusal('NO_NEWER_VERSION', { process: definition.key });
  if (
    present.key !== definition.key ||
    present.subjectType !== definition.subjectType ||
    present.purpose !== definition.purpose
  )
    throw impossible(definition, WHY_NOT.other);
  const after: RequestState = { ...request, definition };
  try {
    if (!conditionHolds(after, definition.guard, world)) throw impossible(definition, WHY_NOT.guard);
    requireChosen(after, null, [], world);
  } catch (error) {
    if (!isRefusal(error) || error.code === 'MIGRATION_IMPOSSIBLE') throw error;
    const because = (language: Language): string =>
      messageOf(error.code, error.details, language).replace(/[.。]$/, '');
    // The only input that a move checks is whom the requester would have had to name.
    const zh = error.code === 'BAD_USER_INPUT' ? WHY_NOT.choice : because('zh');
    throw impossible(definition, { en: because('en'), zh });
  }
}

/** What becomes of each step that was reached in this round, by key in the order in which they were reached. */
export interface MigrationPlan {
  readonly carried: readonly string[];
  readonly asked: readonly string[];
  readonly removed: readonly string[];
}

function planOf(request: RequestState, definition: ProcessDefinition, world: World): MigrationPlan {
  const reached = new Map<string, StepState>();
  for (const { key, round } of request.steps) {
    const state = round === request.round ? currentStep(request, key) : undefined;
    if (state && state.status !== 'RETURNED') reached.set(key, state);
  }
  const judge = new Judge(request, definition, world, reached);
  const keys = [...reached.keys()];
  const known = keys.filter((key) => stepOf(definition, key) !== undefined);
  return {
    carried: known.filter((key) => judge.stays(key)),
    asked: known.filter((key) => !judge.stays(key)),
    removed: keys.filter((key) => !known.includes(key)),
  };
}

/** Says of each step that was reached whether it stands on the new version as it is. */
class Judge {
  readonly #old: RequestState;
  readonly #next: RequestState;
  readonly #world: World;
  readonly #reached: ReadonlyMap<string, StepState>;
  readonly #known = new Map<string, boolean>();

  constructor(
    request: RequestState,
    definition: ProcessDefinition,
    world: World,
    reached: ReadonlyMap<string, StepState>,
  ) {
    this.#old = request;
    this.#next = { ...request, definition };
    this.#world = world;
    this.#reached = reached;
  }

  stays(key: string): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const state = this.#reached.get(key);
    const node = stepOf(this.#next.definition, key);
    const answer = state !== undefined && node !== undefined && this.#judge(state, node);
    this.#known.set(key, answer);
    return answer;
  }

  #judge(state: StepState, node: StepNode): boolean {
    const was = stepOf(this.#old.definition, node.key);
    if (was?.kind !== node.kind) return false;
    if (state.status === 'SKIPPED') return this.#staysSkipped(state, was, node);
    if (state.status === 'OPEN' || state.status === 'BLOCKED') {
      const same = node.kind === 'parallel' ? this.#holds(node) : this.#isSame(was, node);
      return same && this.#isItsTurn(node);
    }
    if (node.kind === 'notify') return true;
    if (node.kind === 'parallel')
      return node.branches.flatMap((branch) => [...nodesOf(branch)]).every((one) => this.#hasPassed(one.key));
    return this.#staysDecided(state, was as DecisionStep, node);
  }

  #staysSkipped({ reason }: StepState, was: StepNode, node: StepNode): boolean {
    if (reason === 'CONDITION') return !this.#holds(node);
    return reason === 'OVERRIDE' || this.#isSame(was, node);
  }

  /** Nothing stands before it, and it is not inside a parallel step that is not open. */
  #isItsTurn({ key }: StepNode): boolean {
    const { definition } = this.#next;
    return (
      keysBefore(definition, key).every((earlier) => this.#hasPassed(earlier)) &&
      parallelsAround(definition, key).every(
        (outer) => this.#reached.get(outer)?.status === 'OPEN' && this.stays(outer),
      )
    );
  }

  #hasPassed(key: string): boolean {
    const node = stepOf(this.#next.definition, key);
    return node !== undefined && isPassed(node, this.#reached.get(key)) && this.stays(key);
  }

  #staysDecided(state: StepState, was: DecisionStep, node: DecisionStep): boolean {
    if (this.#lacksChoice(node)) return false;
    const carried = state.reason === 'CARRIED';
    if (carried && !this.#stillCarries(state, was, node)) return false;
    if (this.#isSame(was, node)) return true;
    if (state.status !== 'APPROVED' || !(carried || state.reason === null || state.reason === MIGRATED))
      return false;
    if (node.kind === 'advise') return sameRules(was, node);
    const votes = carried ? lastVotes(this.#next, node.key) : assignmentsOf(this.#next, state);
    if (outcomeOf(node.formula, operandsOf(votes)) !== 'APPROVED') return false;
    const voters = votes.filter((one) => one.decidedById !== null);
    const behind = voters.flatMap((vote) => peopleBehind(this.#next, vote));
    const people = carried ? peopleBehindApproval(this.#next, node.key) : behind;
    const barred = people.some((personId) => barrierTo(this.#next, node, personId) !== null);
    return !barred && (sameRules(was, node) || this.#wouldApprove(votes, node));
  }

  /** What was approved in another request, or in a round before, rests on nothing that the carrying did not look at. */
  #stillCarries(state: StepState, was: DecisionStep, node: DecisionStep): boolean {
    const [old, next] = [this.#old.definition, this.#next.definition];
    if (!restsOnNoMore(node, next, { step: was, definition: old })) return false;
    if (!standsByCarryOver(this.#old, state) || this.#old.carriedOver?.because !== 'FOLLOW_UP') return true;
    const sameStep = (was.carries ?? was.key) === (node.carries ?? node.key) && node.kind === 'approve';
    const bounds = new Set(old.carry?.same);
    return (
      sameStep &&
      next.carry?.from === old.carry?.from &&
      (next.carry?.same ?? []).every((field) => bounds.has(field))
    );
  }

  /** Whether the votes given approve the step when they are cast by those whom the new rule asks. */
  #wouldApprove(votes: readonly AssignmentState[], node: DecisionStep): boolean {
    const approved = new Set(
      votes.flatMap(({ status, decidedById }) =>
        ['APPROVED', 'CONFIRMED', 'FILED'].includes(status) && decidedById !== null ? [decidedById] : [],
      ),
    );
    const { candidates, blockedBy } = approversFor(this.#next, node, this.#world);
    if (blockedBy !== null) return false;
    const turns = Map.groupBy(candidates, ({ pool, personId }) => pool ?? personId);
    const ballots = [...turns.values()].map(([first, ...others]): Ballot => {
      const { weight, group, veto } = first!;
      const said = [first!, ...others].some(({ personId }) => approved.has(personId));
      return { verdict: said ? 'APPROVE' : null, weight, group, veto, required: false };
    });
    return outcomeOf(node.formula, ballots) === 'APPROVED';
  }

  /** The new version has who decides this step name the approvers of another, and nobody did. */
  #lacksChoice({ key }: DecisionStep): boolean {
    return demandsOn(this.#next, key).some(
      ({ step, rule }) =>
        rule.min > 0 &&
        !this.#next.choices?.some((one) => one.step === step && one.rule === rule.rule) &&
        willBeAsked(this.#next, step, this.#world),
    );
  }

  #holds({ when }: StepNode): boolean {
    return conditionHolds(this.#next, when, this.#world);
  }

  /** Word for word the same but for its title, under the same rule on interests and with the same authority tables. */
  #isSame(was: StepNode, node: StepNode): boolean {
    const [old, next] = [this.#old.definition, this.#next.definition];
    if (old.interest !== next.interest || wordsOf(was) !== wordsOf(node)) return false;
    if (!isDecisionStep(node) || !asksAuthority(node.approvers)) return true;
    return canonicalize(old.authority ?? {}) === canonicalize(next.authority ?? {});
  }
}

/** A parallel step is judged by its own condition; its branches speak for themselves. */
function wordsOf(node: StepNode): string | undefined {
  const { title: _, ...words } = node;
  const own = node.kind === 'parallel' ? ({ ...words, branches: [] } as Partial<ParallelStep>) : words;
  return canonicalize(JSON.parse(JSON.stringify(own)));
}

const asksAuthority = (rules: readonly ApproverRule[]): boolean =>
  rules.some((rule) => rule.rule === 'authority' || asksAuthority(innerRules(rule)));

const sameRules = (was: DecisionStep, node: DecisionStep): boolean =>
  !asksAuthority(node.approvers) &&
  canonicalize(JSON.parse(JSON.stringify([was.approvers, was.onNobody, was.onRequester]))) ===
    canonicalize(JSON.parse(JSON.stringify([node.approvers, node.onNobody, node.onRequester])));
