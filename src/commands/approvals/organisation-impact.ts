import { setImmediate as breathe } from 'node:timers/promises';
import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { refusal } from '../../errors.js';
import { afterChange, type OrganisationChange } from '../../workflows/organisation-change.js';
import type { Problem } from '../../workflows/pack-file.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { problemsInOrganisation } from '../../workflows/prove-organisation.js';
import { strandedSteps } from '../../workflows/stranded.js';
import { requireId } from '../transaction.js';
import { withoutOwn } from './load-world.js';
import { openRequests } from './open-requests.js';
import { surroundingsOf } from './process-surroundings.js';

@InputType({ description: 'A grant of a role that is to end.' })
export class RoleGrantEndsInput {
  @Field(() => ID, { description: 'Who holds it.' })
  personId!: string;

  @Field(() => String, { description: 'Key of the role.' })
  roleKey!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The department in which it is held; left out for everywhere.',
  })
  departmentId?: string | null;
}

@InputType({ description: 'A change of the organisation that is about to be made: exactly one of the two.' })
export class OrganisationChangeInput {
  @Field(() => ID, { nullable: true, description: 'This person leaves.' })
  personLeaves?: string | null;

  @Field(() => RoleGrantEndsInput, { nullable: true, description: 'This grant of a role ends.' })
  roleGrantEnds?: RoleGrantEndsInput | null;
}

export interface OrganisationImpact {
  readonly requests: readonly { readonly stored: StoredRequest; readonly steps: readonly string[] }[];
  readonly definitions: readonly {
    readonly definition: ProcessDefinition;
    readonly problems: readonly Problem[];
  }[];
  readonly total: number;
}

/** @throws BAD_USER_INPUT unless exactly one change is given, NOT_FOUND for a malformed id */
export function changeOf({ personLeaves, roleGrantEnds }: OrganisationChangeInput): OrganisationChange {
  if (personLeaves && !roleGrantEnds)
    return { type: 'person-leaves', personId: requireId(personLeaves, 'person') };
  if (roleGrantEnds && !personLeaves) {
    const { personId, roleKey: role, departmentId } = roleGrantEnds;
    return {
      type: 'role-grant-ends',
      personId: requireId(personId, 'person'),
      role,
      departmentId: departmentId ? requireId(departmentId, 'department') : null,
    };
  }
  const rule = 'exactly one of personLeaves and roleGrantEnds';
  throw refusal('BAD_USER_INPUT', { reason: rule, fields: [{ path: '', rule }] });
}

/**
 * What a change of the organisation would leave with nobody: steps of open requests, and published definitions that
 * find people now. Nothing is written. @throws BAD_USER_INPUT, NOT_FOUND
 */
export async function organisationImpact(
  ctx: Context,
  input: OrganisationChangeInput,
): Promise<OrganisationImpact> {
  return impactOf(ctx, changeOf(input));
}

/** @throws NOT_FOUND for a person whom the change is about and who is not there */
export async function impactOf(
  ctx: Pick<Context, 'em' | 'now'>,
  change: OrganisationChange,
): Promise<OrganisationImpact> {
  const { world, published, submittersOf } = await surroundingsOf(ctx);
  if ('personId' in change && !world.organisation.people.has(change.personId))
    throw refusal('NOT_FOUND', { what: 'person' });
  const changed = { ...world, organisation: afterChange(world.organisation, change) };
  const { total, requests } = await openRequests(ctx, null);
  const stranded: OrganisationImpact['requests'][number][] = [];
  for (const [index, stored] of requests.entries()) {
    if (index % 50 === 49) await breathe();
    const load = world.load && withoutOwn(world.load, stored.state);
    const steps = strandedSteps(stored.state, { ...world, load }, { ...changed, load });
    if (steps.length > 0) stranded.push({ stored, steps });
  }
  const definitions = published.flatMap((definition) => {
    const submitters = submittersOf(definition.subjectType);
    const place = ({ path, rule }: Problem): string => `${path.join('.')} ${rule}`;
    const known = new Set(problemsInOrganisation(definition, submitters, world).map(place));
    const problems = problemsInOrganisation(definition, submitters, changed).filter(
      (one) => !known.has(place(one)),
    );
    return problems.length > 0 ? [{ definition, problems }] : [];
  });
  return { requests: stranded, definitions, total };
}

/**
 * The check that a change of the organisation gets before it is saved. @throws STRANDS_APPROVALS naming what would be
 * left with nobody
 */
export async function requireNothingStranded(
  ctx: Pick<Context, 'em' | 'now'>,
  change: OrganisationChange,
): Promise<void> {
  const { requests, definitions } = await impactOf(ctx, change);
  if (requests.length === 0 && definitions.length === 0) return;
  throw refusal('STRANDS_APPROVALS', {
    openRequests: requests.length,
    processes: definitions.map(({ definition: { key, version } }) => `${key}@${version}`).join(', ') || '–',
    requests: requests.slice(0, STRANDED_TOLD).map(({ stored, steps }) => ({ number: stored.number, steps })),
  });
}

/** Requests named in a refusal; the impact query names them all. */
const STRANDED_TOLD = 20;
