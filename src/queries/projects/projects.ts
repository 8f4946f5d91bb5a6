import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Project, ProjectStatus } from '../../entities/projects/project.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { PROJECT_COLUMNS } from './project-by-id.js';

@InputType({ description: 'Which projects; all conditions hold together.' })
export class ProjectFilter {
  @Field(() => [ProjectStatus], { nullable: true, description: 'One of these states.' })
  status?: ProjectStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'With this customer.' })
  customerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this person.' })
  ownerId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The title or the number contains this text, in any case.',
  })
  text?: string | null;
}

export const ProjectConnection = connectionType(Project, 'Project');

/** The projects that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function projects(
  ctx: Context,
  filter: ProjectFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Project>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('project')
    .where('project.archived_at', 'is', null)
    .where(visible(viewer, 'project:read', 'project'))
    .where(isOneOf('project.status', filter?.status))
    .where(refersTo('project.customer_id', filter?.customerId, 'filter.customerId'))
    .where(refersTo('project.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['project.title', 'project.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(PROJECT_COLUMNS)
    .where(afterKey('project', page))
    .orderBy('project.created_at', 'desc')
    .orderBy('project.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new ProjectConnection({
    rows: rows as unknown as Project[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
