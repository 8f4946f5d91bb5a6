import { Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { PlanKind } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import type { Localised } from '../../workflows/process.js';
import { inLanguage } from '../in-language.js';

@ObjectType({ description: 'A milestone of a plan template.' })
export class TemplateMilestone {
  @Field(() => String, { description: 'Key within the template.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => String, { nullable: true, description: 'Key of the form that belongs to it.' })
  formKey!: string | null;

  @Field(() => String, { nullable: true, description: 'Key of the milestone that must be done before.' })
  waitsFor!: string | null;
}

@ObjectType('PlanTemplate', { description: 'A plan template: new plans get its milestones.' })
export class PlanTemplateView {
  @Field(() => String, { description: 'Key; `createPlan` takes it.' })
  key!: string;

  @Field(() => Int, { description: 'Version.' })
  version!: number;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => PlanKind, { description: 'The kind of plan that it is for.' })
  kind!: PlanKind;

  @Field(() => [TemplateMilestone], { description: 'Milestones in order.' })
  milestones!: TemplateMilestone[];
}

interface Written {
  readonly title: Localised;
  readonly planKind: PlanKind;
  readonly milestones: readonly {
    readonly key: string;
    readonly title: Localised;
    readonly form: string | null;
    readonly waitsFor: string | null;
  }[];
}

/** The templates that plans can be made from, by key; everyone signed in sees them. */
export async function planTemplates(ctx: Context): Promise<PlanTemplateView[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('plan_template')
    .select(['key', 'version', 'definition'])
    .orderBy('key')
    .execute();
  return rows.map(({ key, version, definition }) => {
    const { title, planKind, milestones } = definition as unknown as Written;
    return {
      key,
      version,
      title: inLanguage(title, ctx.language),
      kind: planKind,
      milestones: milestones.map((milestone) => ({
        key: milestone.key,
        title: inLanguage(milestone.title, ctx.language),
        formKey: milestone.form,
        waitsFor: milestone.waitsFor,
      })),
    };
  });
}
