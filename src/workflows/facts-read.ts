import { authorityRules } from './authority.js';
import { fieldsOfStep, pathsRead, rulesOf, withInner } from './condition-shape.js';
import { absenceOf, departmentsUp, managersOf, rolesOf, type Organisation } from './organisation.js';
import { isDecisionStep, type ApproverRule, type PersonSource, type StepNode } from './process.js';
import type { RequestState, World } from './request.js';
import { decidersOf, peopleOf } from './resolve-approvers.js';

/**
 * What a step's answer to "who is asked?" rests on, as it is at one moment, by name: `manager:<person>`,
 * `role:<key>`, `head:<department>`, `department:<person>`, `parent:<department>`, `members:<department>`,
 * `active:<person>`, `absence:<person>` (the substitute, `-` for none), `field:<name>`, `requesterRoles`,
 * `deciders:<step>`, `group:<key>`, `choice:<step>`, `expression:<text>`, `load:<person>`, `interests`. Two moments with the same facts give the same people.
 */
export type FactsRead = Readonly<Record<string, unknown>>;

export function factsRead(node: StepNode, request: RequestState, world: World): FactsRead {
  const facts: Record<string, unknown> = {};
  const { organisation, now } = world;
  const { fieldTypes } = request.definition;
  for (const field of fieldsOfStep(node, request.definition))
    facts[`field:${field}`] = request.subject.content[field] ?? null;
  const read = node.when === null ? [] : pathsRead(node.when, fieldTypes);
  if (read.includes('requester.roles'))
    facts['requesterRoles'] = rolesOf(organisation, request.requesterId, now).toSorted();
  if (read.includes('requester.department')) noteDepartment(facts, organisation, request.requesterId);
  const people = new Set<string>();
  for (const rule of rulesOf(node)) {
    noteRule(facts, rule, { request, step: node.key }, world);
    for (const personId of peopleOf(request, rule, world, node.key)) people.add(personId);
  }
  if (isDecisionStep(node)) {
    if (node.onRequester === 'manager' && people.has(request.requesterId)) {
      noteManagers(facts, organisation, request.requesterId);
      for (const manager of managersOf(organisation, request.requesterId)) people.add(manager.id);
    }
    for (const step of node.neverSameAs) facts[`deciders:${step}`] = decidersOf(request, step);
  }
  for (const personId of people) notePerson(facts, personId, request, world);
  const interested = request.interests.map((interest) => interest.personId);
  facts['interests'] = interested.filter((personId) => people.has(personId)).toSorted();
  return facts;
}

type Notes = Record<string, unknown>;

function notePerson(facts: Notes, personId: string, request: RequestState, world: World): void {
  const person = world.organisation.people.get(personId);
  facts[`active:${personId}`] = person?.active ?? false;
  const absence = absenceOf(world.organisation, personId, request.definition, world.now);
  facts[`absence:${personId}`] = absence ? (absence.substituteId ?? '-') : null;
}

function noteDepartment(facts: Notes, organisation: Organisation, personId: string): string | null {
  const departmentId = organisation.people.get(personId)?.departmentId ?? null;
  facts[`department:${personId}`] = departmentId;
  return departmentId;
}

/** The chain upwards, link by link, so that a change names the link. */
function noteManagers(facts: Notes, organisation: Organisation, personId: string): void {
  let below = personId;
  for (const manager of managersOf(organisation, personId)) {
    facts[`manager:${below}`] = manager.id;
    below = manager.id;
  }
  facts[`manager:${below}`] ??= organisation.people.get(below)?.managerId ?? null;
}

function noteHeads(facts: Notes, organisation: Organisation, departmentId: string | null, up: number): void {
  for (const [index, department] of departmentsUp(organisation, departmentId).entries()) {
    if (index > up) return;
    if (index < up) facts[`parent:${department.id}`] = department.parentId;
    else facts[`head:${department.id}`] = department.headId;
  }
}

const sourceOf = (request: RequestState, source: PersonSource): string | null => {
  if (source === 'requester') return request.requesterId;
  if (source === 'owner') return request.subject.ownerId;
  const value = request.subject.content[source.field];
  return typeof value === 'string' ? value : null;
};

function noteRule(
  facts: Notes,
  rule: ApproverRule,
  { request, step }: { readonly request: RequestState; readonly step: string },
  world: World,
): void {
  const { organisation } = world;
  switch (rule.rule) {
    case 'role':
      facts[`role:${rule.role}`] = peopleOf(request, rule, world).toSorted();
      return;
    case 'manager':
    case 'managers': {
      const source = sourceOf(request, rule.of);
      if (source !== null) noteManagers(facts, organisation, source);
      return;
    }
    case 'head':
    case 'members': {
      const own = rule.of === 'requester' ? noteDepartment(facts, organisation, request.requesterId) : null;
      const departmentId = rule.of === 'requester' ? own : request.subject.departmentId;
      if (rule.rule === 'head') noteHeads(facts, organisation, departmentId, rule.up);
      else facts[`members:${departmentId}`] = peopleOf(request, rule, world).toSorted();
      return;
    }
    case 'field': {
      const personId = sourceOf(request, { field: rule.field });
      if (personId === null || rule.take === 'person') return;
      if (rule.take === 'manager')
        facts[`manager:${personId}`] = managersOf(organisation, personId)[0]?.id ?? null;
      else noteHeads(facts, organisation, noteDepartment(facts, organisation, personId), 0);
      return;
    }
    case 'decider':
      facts[`deciders:${rule.step}`] = decidersOf(request, rule.step);
      return;
    case 'group':
      facts[`group:${rule.key}`] = peopleOf(request, rule, world).toSorted();
      return;
    case 'requester-choice':
    case 'previous-choice':
      facts[`choice:${step}`] = peopleOf(request, rule, world, step).toSorted();
      return;
    case 'expression':
      facts[`expression:${rule.people}`] = peopleOf(request, rule, world).toSorted();
      return;
    case 'authority':
      noteAuthority(facts, rule, { request, step }, world);
      return;
    case 'least-loaded':
      noteLoad(facts, peopleOf(request, rule, world, step), world);
      return;
    default:
      // What a pool reads is read by the rules it takes its people from; a named person is noted as a person.
      return;
  }
}

/** The subject's level, and what the answering row's own rules read. */
function noteAuthority(
  facts: Notes,
  rule: Extract<ApproverRule, { rule: 'authority' }>,
  place: { readonly request: RequestState; readonly step: string },
  world: World,
): void {
  const { organisation } = world;
  for (const department of departmentsUp(organisation, place.request.subject.departmentId))
    facts[`parent:${department.id}`] = department.parentId;
  for (const answer of withInner(authorityRules(place.request, rule, world)))
    noteRule(facts, answer, place, world);
}

/** How much everybody has to do in other requests, where it is known. */
function noteLoad(facts: Notes, people: readonly string[], { load }: World): void {
  for (const personId of people) facts[`load:${personId}`] = load?.get(personId) ?? 0;
}
