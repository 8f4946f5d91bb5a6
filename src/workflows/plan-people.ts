import type { ApproverRule } from './process.js';
import type { RequestState, World } from './request.js';
import { peopleOf } from './resolve-approvers.js';
import type { PlanMilestoneTemplate } from './template-file.js';

/** A plan before any submission: it has an owner and a department, but no requester and no steps. */
export interface PlanParty {
  readonly ownerId: string;
  readonly departmentId: string | null;
}

/** The active people whom the rules name for a plan, each once. Rules that ask for a requester, a step or a field name
 *  nobody; packs that do so are refused. */
export function peopleOfPlan(plan: PlanParty, rules: readonly ApproverRule[], world: World): string[] {
  const asked = {
    subject: { ...plan, content: {} },
    requesterId: '',
    assignments: [],
  } as unknown as RequestState;
  const named = rules.flatMap((rule) => peopleOf(asked, rule, world));
  return [...new Set(named)].filter((id) => world.organisation.people.get(id)?.active);
}

/** Who is responsible for a milestone: the plan's owner, or the holders of its role nearest to the plan's department; when
 *  nobody on the way up holds it, its holders anywhere. */
export function responsibleFor(
  { responsible }: Pick<PlanMilestoneTemplate, 'responsible'>,
  plan: PlanParty,
  world: World,
): string[] {
  if (responsible === 'owner') return [plan.ownerId];
  const holders = (where: 'nearest' | 'anywhere'): string[] =>
    peopleOfPlan(plan, [{ rule: 'role', role: responsible.role, in: where }], world);
  const nearest = holders('nearest');
  return nearest.length > 0 ? nearest : holders('anywhere');
}
