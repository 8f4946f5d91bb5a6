import type { Actor } from '../../context.js';
import { Plan } from '../../entities/plans/plan.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { calendarOfDepartment } from '../../workflows/organisation.js';
import { responsibleFor } from '../../workflows/plan-people.js';
import type { World } from '../../workflows/request.js';
import type { PlanTemplate } from '../../workflows/template-file.js';
import { lockRecord } from '../business-record.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';

/** What a plan's cycle is reckoned with. Who is responsible follows the template as it is now, like the organisation;
 *  the milestones and their due times stay as they were made. */
export interface PlanWorld extends World {
  readonly template: PlanTemplate | null;
  /** That of the template, else of the plan's department or the nearest above it, else the company's. */
  readonly calendar: BusinessCalendar;
}

export async function planWorld(
  tx: TransactionContext,
  { templateKey, departmentId }: Pick<Plan, 'templateKey' | 'departmentId'>,
): Promise<PlanWorld> {
  const { organisation, calendarOf } = await loadOrganisation(tx.em);
  const row =
    templateKey === null
      ? undefined
      : await readDb(tx.em)
          .selectFrom('plan_template')
          .select('definition')
          .where('key', '=', templateKey)
          .executeTakeFirst();
  const template = (row?.definition as unknown as PlanTemplate | undefined) ?? null;
  const calendar = calendarOf(template?.calendar ?? calendarOfDepartment(organisation, departmentId));
  return { now: tx.now, organisation, calendarOf, template, calendar };
}

export interface LockedPlan {
  readonly plan: Plan;
  readonly world: PlanWorld;
}

/** The plan with its milestones under its row lock, for any purpose. @throws NOT_FOUND */
export async function lockPlan(tx: TransactionContext, planId: string): Promise<LockedPlan> {
  const id = await lockRecord(tx, 'plan', planId, null);
  const plan = await tx.em.findOneOrFail(Plan, { id }, { populate: ['milestones'] });
  return { plan, world: await planWorld(tx, plan) };
}

/** As `lockPlan`, for a person who may read the plan or is responsible for one of its milestones. @throws NOT_FOUND */
export async function lockPlanOf(tx: TransactionContext, planId: string, actor: Actor): Promise<LockedPlan> {
  const locked = await lockPlan(tx, planId);
  const { plan, world } = locked;
  if (plan.milestones.getItems().some(({ key }) => isResponsible(locked, key, actor.id)))
    return { plan, world };
  const readable = await readDb(tx.em)
    .selectFrom('plan')
    .select('id')
    .where('id', '=', plan.id)
    .where(visible(actor, 'plan:read', 'plan'))
    .executeTakeFirst();
  if (!readable) throw refusal('NOT_FOUND', { what: 'plan' });
  return locked;
}

/** The people responsible for a milestone of the plan: those of the template, or the owner. */
export function responsiblePeople({ plan, world }: LockedPlan, milestoneKey: string): string[] {
  const milestone = world.template?.milestones.find(({ key }) => key === milestoneKey);
  return milestone ? responsibleFor(milestone, plan, world) : [plan.ownerId];
}

export const isResponsible = (locked: LockedPlan, milestoneKey: string, personId: string): boolean =>
  responsiblePeople(locked, milestoneKey).includes(personId);
