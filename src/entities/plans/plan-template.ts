import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A plan template of a pack, by key; the newest version. */
@Entity({ tableName: 'plan_template' })
export class PlanTemplateRow {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'integer' })
  version!: number;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
