import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import {
  createProject,
  CreateProjectInput,
  CreateProjectPayload,
} from '../../commands/projects/create-project.js';
import { missingDocuments } from '../../commands/projects/missing-documents.js';
import {
  updateProject,
  UpdateProjectInput,
  UpdateProjectPayload,
} from '../../commands/projects/update-project.js';
import type { Context } from '../../context.js';
import { Customer } from '../../entities/customers/customer.js';
import { Document, DocumentGate } from '../../entities/documents/document.js';
import { Money } from '../../entities/money.js';
import { Project, ProjectStage } from '../../entities/projects/project.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { customerById } from '../../queries/customers/customer-by-id.js';
import { documentsOfStage } from '../../queries/documents/document-by-id.js';
import { project } from '../../queries/projects/project-by-id.js';
import { gatesOf, stagesOf, type StageRow } from '../../queries/projects/project-stages.js';
import { projectTemplates, ProjectTemplateView } from '../../queries/projects/project-templates.js';
import { ProjectConnection, ProjectFilter, projects } from '../../queries/projects/projects.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Project)
export class ProjectResolver extends businessRecordFields(Project) {
  @Query(() => Project, {
    nullable: true,
    description: 'A project; NOT_FOUND when there is none, or it is out of your scope.',
  })
  project(
    @Arg('id', () => ID, { description: 'The project.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<Project> {
    return project(ctx, id);
  }

  @Query(() => ProjectConnection, { description: 'The projects that you may see, newest first.' })
  projects(
    @Arg('filter', () => ProjectFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: ProjectFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Project>> {
    return projects(ctx, filter, page);
  }

  @Query(() => [ProjectTemplateView], {
    description: 'The templates that projects can be made from, newest version of each.',
  })
  projectTemplates(@Ctx() ctx: Context): Promise<ProjectTemplateView[]> {
    return projectTemplates(ctx);
  }

  @Mutation(() => CreateProjectPayload, {
    description: 'Makes a project in DRAFT that you own; its first stage is STARTING.',
  })
  createProject(
    @Arg('input', () => CreateProjectInput, { description: 'The new project.' }) input: CreateProjectInput,
    @Ctx() ctx: Context,
  ): Promise<CreateProjectPayload> {
    return createProject(ctx, input);
  }

  @Mutation(() => UpdateProjectPayload, {
    description:
      'Changes a project; SUBJECT_LOCKED while it is being approved, CONFLICT when someone else changed it in the meantime.',
  })
  updateProject(
    @Arg('input', () => UpdateProjectInput, { description: 'The change.' }) input: UpdateProjectInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateProjectPayload> {
    return updateProject(ctx, input);
  }

  @FieldResolver(() => Money, { description: 'What the business is expected to bring.' })
  amount(@Root() { amount, currency }: Project): Money {
    return { amount, currency };
  }

  @FieldResolver(() => Customer, {
    nullable: true,
    description: 'The customer; null when out of your scope.',
  })
  customer(@Root() { customerId }: Project, @Ctx() ctx: Context): Promise<Customer | null> {
    return customerById(ctx, customerId);
  }

  @FieldResolver(() => [ProjectStage], { description: 'Stages in order.' })
  stages(@Root() { id }: Project, @Ctx() ctx: Context): Promise<StageRow[]> {
    return stagesOf(ctx, id);
  }
}

@ObjectType({ description: 'A document that a gate of a stage still waits for.' })
export class MissingDocument {
  @Field(() => String, { description: 'Key of its form.' })
  formKey!: string;

  @Field(() => DocumentGate, { description: 'The gate: START to open the stage, RESULT to close it.' })
  gate!: 'START' | 'RESULT';

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;
}

@Resolver(() => ProjectStage)
export class ProjectStageResolver {
  @FieldResolver(() => String, { description: 'Title in your language.' })
  title(@Root() { titleEn, titleZh }: StageRow, @Ctx() { language }: Context): string {
    return language === 'zh' ? titleZh : titleEn;
  }

  @FieldResolver(() => [Document], { description: 'Its documents that you may see, oldest first.' })
  documents(@Root() { id }: StageRow, @Ctx() ctx: Context): Promise<Document[]> {
    return documentsOfStage(ctx, id);
  }

  @FieldResolver(() => [MissingDocument], {
    description:
      'Documents that must be approved and filed before the stage moves on; empty unless it is its turn.',
  })
  async missingDocuments(
    @Root() { projectId, key }: StageRow,
    @Ctx() ctx: Context,
  ): Promise<MissingDocument[]> {
    return missingDocuments(await gatesOf(ctx, projectId), key, ctx.language);
  }
}
