import { Field, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import type { Localised } from '../../workflows/process.js';
import { inLanguage } from '../in-language.js';

@ObjectType({ description: 'A document that a gate of a stage asks for.' })
export class TemplateDocument {
  @Field(() => String, { description: 'Key of its form.' })
  formKey!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Of the documents with a group, those of one group are enough; null: always needed.',
  })
  alternativesGroup!: string | null;
}

@ObjectType({ description: 'A stage of a project template.' })
export class TemplateStage {
  @Field(() => String, { description: 'Key within the template.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => [TemplateDocument], { description: 'Approved and filed, these open the stage.' })
  start!: TemplateDocument[];

  @Field(() => [TemplateDocument], { description: 'Approved and filed, these close the stage.' })
  result!: TemplateDocument[];
}

@ObjectType('ProjectTemplate', {
  description: 'The newest version of a project template: new projects run through its stages.',
})
export class ProjectTemplateView {
  @Field(() => String, { description: 'Key; `createProject` takes it.' })
  key!: string;

  @Field(() => Int, { description: 'Version.' })
  version!: number;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => [TemplateStage], { description: 'Stages in order.' })
  stages!: TemplateStage[];
}

type WrittenDocument = Omit<TemplateDocument, 'title' | 'formKey'> & {
  readonly form: string;
  readonly title: Localised;
};

interface Written {
  readonly title: Localised;
  readonly stages: readonly {
    readonly key: string;
    readonly title: Localised;
    readonly start: readonly WrittenDocument[];
    readonly result: readonly WrittenDocument[];
  }[];
}

/** The templates that projects can be made from, by key; everyone signed in sees them. */
export async function projectTemplates(ctx: Context): Promise<ProjectTemplateView[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('project_template')
    .select(['key', 'version', 'definition'])
    .distinctOn('key')
    .orderBy('key')
    .orderBy('version', 'desc')
    .execute();
  const documentOf = ({ form, title, alternativesGroup }: WrittenDocument): TemplateDocument => ({
    formKey: form,
    title: inLanguage(title, ctx.language),
    alternativesGroup,
  });
  return rows.map(({ key, version, definition }) => {
    const { title, stages } = definition as unknown as Written;
    return {
      key,
      version,
      title: inLanguage(title, ctx.language),
      stages: stages.map((stage) => ({
        key: stage.key,
        title: inLanguage(stage.title, ctx.language),
        start: stage.start.map(documentOf),
        result: stage.result.map(documentOf),
      })),
    };
  });
}
