import { refusal, unreachable } from '../errors.js';
import {
  absenceOf,
  CHAIN_LIMIT,
  departmentsUp,
  holdersAnywhere,
  holdersGlobal,
  holdersIn,
  managersOf,
  rolesOf,
} from './organisation.js';
import { authorityRules } from './authority.js';
import type { ConditionScope } from './condition.js';
import { mayStandIn } from './shared-interest.js';
import { peopleOfExpression } from './people-expression.js';
import {
  type ApproverRule,
  type DecisionStep,
  isDecisionStep,
  type PersonSource,
  stepOf,
} from './process.js';
import {
  interestOf,
  type AssignmentState,
  type Exclusion,
  type HandOver,
  type RequestState,
  type World,
} from './request.js';

/** Someone who will be asked, with the rule that chose them. */
export interface Candidate {
  readonly personId: string;
  readonly rule: string;
  readonly group: string | null;
  readonly weight: number;
  readonly veto: boolean;
  readonly handOver: HandOver | null;
  /** The pool whose one turn they could take. */
  readonly pool: string | null;
}

export interface Resolution {
  readonly candidates: readonly Candidate[];
  readonly exclusions: readonly Exclusion[];
  /** Set when the step must not be asked as it stands (`block` for an interested requester). */
  readonly blockedBy: string | null;
}

/**
 * Who is asked in a step, in one fixed order: rule → inactive people out → absence → interest → duplicates.
 * Each exclusion is recorded with its reason; the empty answer is left to the step's policy.
 */
export function resolveApprovers(
  request: RequestState,
  step: DecisionStep,
  rules: readonly ApproverRule[],
  world: World,
): Resolution {
  const candidates: Candidate[] = [];
  const exclusions: Exclusion[] = [];
  let blockedBy: string | null = null;
  for (const [index, { rule, name }] of looksUp(request, rules, world).entries()) {
    const busier = rule.rule === 'least-loaded' ? busierOf(request, step, rule, candidates, world) : null;
    for (const personId of peopleOf(request, rule, world, step.key)) {
      const placed = place(request, step, personId, world);
      if ('personId' in placed && busier?.has(placed.personId)) {
        exclusions.push({ personId, rule: name, reason: 'BUSIER' });
      } else if ('excluded' in placed) {
        exclusions.push({ personId, rule: name, reason: placed.excluded });
        if (placed.block) blockedBy = 'REQUESTER_IS_APPROVER';
      } else if (candidates.some((candidate) => candidate.personId === placed.personId)) {
        exclusions.push({ personId: placed.personId, rule: name, reason: 'DUPLICATE' });
      } else {
        candidates.push({
          personId: placed.personId,
          rule: placed.instead ? `${name} → ${placed.instead}` : name,
          group: rule.group ?? null,
          weight: rule.weight ?? 1,
          veto: rule.veto ?? false,
          handOver: placed.handOver,
          pool: rule.rule === 'pool' ? `pool ${index + 1}` : null,
        });
      }
    }
  }
  return { candidates, exclusions, blockedBy };
}

interface NamedRule {
  readonly rule: ApproverRule;
  readonly name: string;
}

/** The rules with the answers of authority tables in their place; what the table's rule says of ballots stands. */
function looksUp(request: RequestState, rules: readonly ApproverRule[], world: World): NamedRule[] {
  return rules.flatMap((rule): NamedRule[] => {
    if (rule.rule !== 'authority') return [{ rule, name: ruleName(rule) }];
    const { group, weight, veto } = rule;
    return authorityRules(request, rule, world).map((answer) => ({
      rule: { group, weight, veto, ...answer },
      name: `${ruleName(rule)} → ${ruleName(answer)}`,
    }));
  });
}

/**
 * Who could be asked by the rule, but has more to do than those it takes. Counted are open turns in other requests and
 * in this one; among equals the lower id is taken, so that the same facts always give the same people.
 */
function busierOf(
  request: RequestState,
  step: DecisionStep,
  rule: Extract<ApproverRule, { rule: 'least-loaded' }>,
  taken: readonly Candidate[],
  world: World,
): ReadonlySet<string> {
  const eligible = new Set(
    peopleOf(request, rule, world, step.key).flatMap((personId) => {
      const placed = place(request, step, personId, world);
      return 'personId' in placed ? placed.personId : [];
    }),
  );
  for (const { personId } of taken) eligible.delete(personId);
  const here = request.assignments.filter((assignment) => assignment.status === 'OPEN');
  const loadOf = (personId: string): number =>
    (world.load?.get(personId) ?? 0) + here.filter((assignment) => assignment.personId === personId).length;
  const byLoad = [...eligible].toSorted((a, b) => loadOf(a) - loadOf(b) || (a < b ? -1 : 1));
  return new Set(byLoad.slice(rule.count));
}

type Placed =
  | { readonly personId: string; readonly handOver: HandOver | null; readonly instead: string | null }
  | { readonly excluded: Exclusion['reason']; readonly block?: boolean };

/** One person through the fixed order. An interested requester is replaced as the step says. */
function place(request: RequestState, step: DecisionStep, personId: string, world: World): Placed {
  const person = world.organisation.people.get(personId);
  if (!person) return { excluded: 'UNKNOWN' };
  if (!person.active) return { excluded: 'INACTIVE' };
  const accepts = (id: string): boolean => mayStandIn(request, step.key, personId, id);
  const present = standIn(request, step, personId, world, accepts);
  const barrier = barrierTo(request, step, present.personId);
  if (barrier === null) return { ...present, instead: null };
  if (barrier === 'INTEREST' && personId === request.requesterId && step.onRequester === 'manager') {
    return managerInstead(request, step, personId, world);
  }
  return { excluded: barrier, block: personId === request.requesterId && step.onRequester === 'block' };
}

/** The nearest manager above the requester who is active and may decide. */
function managerInstead(request: RequestState, step: DecisionStep, personId: string, world: World): Placed {
  for (const manager of managersOf(world.organisation, personId)) {
    if (!manager.active) continue;
    const accepts = (id: string): boolean => mayStandIn(request, step.key, manager.id, id);
    const present = standIn(request, step, manager.id, world, accepts);
    if (barrierTo(request, step, present.personId) === null)
      return { ...present, instead: 'manager of the requester' };
  }
  return { excluded: 'INTEREST' };
}

/** What keeps a present, active person from deciding this step. */
export function barrierTo(
  request: RequestState,
  step: DecisionStep,
  personId: string,
): 'INTEREST' | 'NEVER_SAME_AS' | null {
  if (interestOf(request, step, personId)) return 'INTEREST';
  const decided = request.assignments.some(
    (assignment) =>
      assignment.decidedById === personId &&
      step.neverSameAs.includes(assignment.stepKey) &&
      !isProposal(request, assignment),
  );
  return decided || standsApart(request, step, personId) ? 'NEVER_SAME_AS' : null;
}

/**
 * Whether a later step that must be decided by others stands already by what the person said there before: carried into
 * this round, it is not asked again, so they may not decide what it is kept apart from.
 */
const standsApart = (request: RequestState, step: DecisionStep, personId: string): boolean =>
  request.steps.some((one) => {
    const node =
      one.reason === 'CARRIED' && one.round === request.round
        ? stepOf(request.definition, one.key)
        : undefined;
    return (
      isDecisionStep(node) &&
      node.neverSameAs.includes(step.key) &&
      decidersOf(request, one.key).includes(personId)
    );
  });

/** A delegate's answer that went back to the delegator; an opinion in an `advise` step is none. */
const isProposal = (request: RequestState, { status, stepKey }: AssignmentState): boolean =>
  status === 'ADVISED' && stepOf(request.definition, stepKey)?.kind !== 'advise';

/** Whoever decided the step when it was decided last, in this round or before; not who abstained or returned it. */
export function decidersOf(request: RequestState, stepKey: string): string[] {
  const deciding = request.assignments.filter(
    (assignment) =>
      assignment.stepKey === stepKey &&
      !isProposal(request, assignment) &&
      ['APPROVED', 'REJECTED', 'CONFIRMED', 'FILED', 'ADVISED'].includes(assignment.status),
  );
  const last = deciding.at(-1);
  const latest = deciding.filter(({ round, attempt }) => round === last?.round && attempt === last.attempt);
  return [...new Set(latest.map((assignment) => assignment.personId))];
}

/**
 * The person, or the first in their chain of substitutes who is present and may decide; the person when there is none.
 * Nobody stands in for one who may not decide: the substitute would decide on their behalf.
 */
export function standIn(
  request: RequestState,
  step: DecisionStep,
  personId: string,
  world: World,
  accepts: (substituteId: string) => boolean,
): { personId: string; handOver: HandOver | null } {
  if (barrierTo(request, step, personId) !== null) return { personId, handOver: null };
  const seen = new Set([personId]);
  let current = personId;
  for (let hops = 0; hops < CHAIN_LIMIT; hops += 1) {
    const absence = absenceOf(world.organisation, current, request.definition, world.now);
    const next = absence?.substituteId ?? null;
    if (next === null || seen.has(next)) break;
    seen.add(next);
    current = next;
    const substitute = world.organisation.people.get(next);
    const away = absenceOf(world.organisation, next, request.definition, world.now) !== undefined;
    if (substitute?.active && !away && barrierTo(request, step, next) === null && accepts(next)) {
      return { personId: next, handOver: { kind: 'ABSENCE', fromPersonId: personId } };
    }
  }
  return { personId, handOver: null };
}

/**
 * The people a rule names, before anyone is left out; deterministic order, without repeats. `stepKey`: the step whose
 * rule it is, for what was chosen for it.
 */
export function peopleOf(
  request: RequestState,
  rule: ApproverRule,
  world: World,
  stepKey: string | null = null,
): string[] {
  const { organisation, now } = world;
  switch (rule.rule) {
    case 'user':
      return [...organisation.people.values()]
        .filter((person) => person.email === rule.email)
        .map((person) => person.id);
    case 'role':
      return roleHolders(request, rule.role, rule.in, world);
    case 'head': {
      const start = departmentOf(request, rule.of, world);
      const head = departmentsUp(organisation, start)[rule.up]?.headId;
      return head ? [head] : [];
    }
    case 'members': {
      const departmentId = departmentOf(request, rule.of, world);
      if (departmentId === null) return [];
      return [...organisation.people.values()]
        .filter((person) => person.departmentId === departmentId && person.active)
        .map((person) => person.id);
    }
    case 'manager': {
      const source = personFrom(request, rule.of);
      const manager = source === null ? undefined : managersOf(organisation, source)[rule.up - 1];
      return manager ? [manager.id] : [];
    }
    case 'managers': {
      const source = personFrom(request, rule.of);
      const chain = source === null ? [] : managersOf(organisation, source);
      const limited = rule.levels === undefined ? chain : chain.slice(0, rule.levels);
      const { untilRole } = rule;
      if (untilRole === undefined) return limited.map((person) => person.id);
      const top = limited.findIndex((person) => rolesOf(organisation, person.id, now).includes(untilRole));
      return limited.slice(0, top === -1 ? undefined : top + 1).map((person) => person.id);
    }
    case 'field': {
      const personId = request.subject.content[rule.field];
      if (typeof personId !== 'string' || personId === '') return [];
      if (rule.take === 'person') return [personId];
      if (rule.take === 'manager')
        return managersOf(organisation, personId)
          .slice(0, 1)
          .map((person) => person.id);
      const departmentId = organisation.people.get(personId)?.departmentId ?? null;
      const head = departmentsUp(organisation, departmentId)[0]?.headId;
      return head ? [head] : [];
    }
    case 'decider':
      return decidersOf(request, rule.step);
    case 'group':
      return [...(organisation.groups?.get(rule.key) ?? [])];
    case 'expression': {
      const { fieldTypes } = request.definition;
      return [...new Set(peopleOfExpression(rule.people, fieldTypes, scopeOf(request, world), world))];
    }
    case 'requester-choice':
    case 'previous-choice': {
      const chosen = request.choices?.find((one) => one.step === stepKey && one.rule === rule.rule);
      return [...(chosen?.people ?? [])];
    }
    case 'authority':
      return unionOf(request, authorityRules(request, rule, world), world, stepKey);
    case 'pool':
    case 'least-loaded':
      return unionOf(request, rule.of, world, stepKey);
    default:
      return unreachable(rule);
  }
}

const unionOf = (
  request: RequestState,
  rules: readonly ApproverRule[],
  world: World,
  stepKey: string | null,
): string[] => [...new Set(rules.flatMap((rule) => peopleOf(request, rule, world, stepKey)))];

/** What conditions and expressions read of a request. */
export function scopeOf(request: RequestState, { organisation, now }: World): ConditionScope {
  const requester = organisation.people.get(request.requesterId);
  const department = organisation.departments.get(requester?.departmentId ?? '')?.key ?? '';
  const roles = rolesOf(organisation, request.requesterId, now);
  return {
    subject: request.subject.content,
    requester: { id: request.requesterId, department, roles },
    round: request.round,
  };
}

function roleHolders(
  request: RequestState,
  role: string,
  where: 'anywhere' | 'subject-department' | 'nearest',
  { organisation, now }: World,
): string[] {
  if (where === 'anywhere') return holdersAnywhere(organisation, role, now);
  const departmentId = request.subject.departmentId;
  if (where === 'subject-department')
    return departmentId === null ? [] : holdersIn(organisation, role, departmentId, now);
  for (const department of departmentsUp(organisation, departmentId)) {
    const own = holdersIn(organisation, role, department.id, now);
    const holders =
      department.parentId === null ? [...new Set([...own, ...holdersGlobal(organisation, role, now)])] : own;
    if (holders.some((id) => organisation.people.get(id)?.active)) return holders;
  }
  return holdersGlobal(organisation, role, now);
}

function departmentOf(request: RequestState, of: 'requester' | 'subject', world: World): string | null {
  if (of === 'subject') return request.subject.departmentId;
  return world.organisation.people.get(request.requesterId)?.departmentId ?? null;
}

function personFrom(request: RequestState, source: PersonSource): string | null {
  if (source === 'requester') return request.requesterId;
  if (source === 'owner') return request.subject.ownerId;
  const value = request.subject.content[source.field];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The rule in one readable line, kept with each assignment (`role:finance`). */
export function ruleName(rule: ApproverRule): string {
  switch (rule.rule) {
    case 'user':
      return `user:${rule.email}`;
    case 'role':
      return rule.in === 'anywhere' ? `role:${rule.role}` : `role:${rule.role} (${rule.in})`;
    case 'head':
      return `head of the ${rule.of}'s department${rule.up > 0 ? ` +${rule.up}` : ''}`;
    case 'members':
      return `members of the ${rule.of}'s department`;
    case 'manager':
      return `manager${rule.up > 1 ? ` +${rule.up}` : ''} of ${sourceName(rule.of)}`;
    case 'managers':
      return `managers of ${sourceName(rule.of)}`;
    case 'field':
      return rule.take === 'person' ? `field:${rule.field}` : `${rule.take} of field:${rule.field}`;
    case 'decider':
      return `decider of ${rule.step}`;
    case 'group':
      return `group:${rule.key}`;
    case 'expression':
      return `expression ${rule.people}`;
    case 'authority':
      return `authority:${rule.table}/${rule.matter}`;
    case 'requester-choice':
      return "the requester's choice";
    case 'previous-choice':
      return `chosen in ${rule.from}`;
    case 'pool':
      return `pool of ${rule.of.map(ruleName).join(', ')}`;
    case 'least-loaded':
      return `least loaded of ${rule.of.map(ruleName).join(', ')}`;
    default:
      return unreachable(rule);
  }
}

const sourceName = (source: PersonSource): string =>
  typeof source === 'string' ? `the ${source}` : `field:${source.field}`;

/**
 * Refuses a person who cannot take an assignment by hand-over or as an added approver.
 * @throws PERSON_NOT_ELIGIBLE, INTERESTED_PERSON
 */
export function requireEligible(
  request: RequestState,
  step: DecisionStep,
  personId: string,
  world: World,
): void {
  const person = world.organisation.people.get(personId);
  if (!person?.active)
    throw refusal('PERSON_NOT_ELIGIBLE', {
      person: person?.name ?? personId,
      reason: 'not an active member of the organisation',
    });
  const interest = interestOf(request, step, personId);
  if (interest)
    throw refusal('INTERESTED_PERSON', { person: person.name, because: interest.because, step: step.key });
  if (barrierTo(request, step, personId) !== null) {
    throw refusal('PERSON_NOT_ELIGIBLE', {
      person: person.name,
      reason: `decided ${step.neverSameAs.join(', ')} before`,
    });
  }
}
