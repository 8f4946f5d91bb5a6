import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newRowId } from '../row-id.js';

/** One version of a project template; projects stay on the version they began with. */
@Entity({ tableName: 'project_template' })
@Unique({ properties: ['key', 'version'] })
export class ProjectTemplateRow {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Property({ type: 'text' })
  key!: string;

  @Property({ type: 'integer' })
  version!: number;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
