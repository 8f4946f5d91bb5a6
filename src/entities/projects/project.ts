import { Collection } from '@mikro-orm/postgresql';
import {
  Entity,
  Enum,
  Index,
  ManyToOne,
  OneToMany,
  PrimaryKey,
  Property,
  Unique,
} from '@mikro-orm/decorators/legacy';
import type { Rel } from '@mikro-orm/postgresql';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Customer } from '../customers/customer.js';
import { BusinessRecord } from '../record.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { ProjectTemplateRow } from './project-template.js';

export enum ProjectStatus {
  DRAFT = 'DRAFT',
  RUNNING = 'RUNNING',
  SUSPENDED = 'SUSPENDED',
  COMPLETED = 'COMPLETED',
  TERMINATED = 'TERMINATED',
}
registerEnumType(ProjectStatus, {
  name: 'ProjectStatus',
  description: 'Where the project stands.',
  valuesConfig: {
    DRAFT: { description: 'No stage has opened yet.' },
    RUNNING: { description: 'A stage is open.' },
    SUSPENDED: { description: 'Put aside; may be taken up again.' },
    COMPLETED: { description: 'Every stage is closed.' },
    TERMINATED: { description: 'Ended for good.' },
  },
});

/** The whole pursuit of one piece of business, run through the stages of its template. */
@ObjectType({
  description: 'The whole pursuit of one piece of business, run through the stages of its template.',
})
@Entity({ tableName: 'project' })
@Index({ properties: ['createdAt', 'id'] })
export class Project extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => ProjectStatus, { description: 'Where it stands.' })
  @Enum({ items: () => ProjectStatus })
  status: ProjectStatus = ProjectStatus.DRAFT;

  @BelongsTo(() => ProjectTemplateRow, 'template_id')
  templateId!: string;

  @BelongsTo(() => Customer, 'customer_id')
  customerId!: string;

  @Property({ type: 'decimal', precision: 18, scale: 2 })
  amount: string = '0.00';

  @Property({ type: 'character', length: 3 })
  currency: string = 'CNY';

  @Field(() => [ProjectStage], { description: 'Stages in order.' })
  @OneToMany(() => ProjectStage, (stage) => stage.project, {
    orphanRemoval: true,
    orderBy: { position: 'asc' },
  })
  stages = new Collection<ProjectStage>(this);
}

export enum StageStatus {
  NOT_STARTED = 'NOT_STARTED',
  STARTING = 'STARTING',
  RUNNING = 'RUNNING',
  CLOSED = 'CLOSED',
}
registerEnumType(StageStatus, {
  name: 'StageStatus',
  description: 'Where a stage stands between its two gates.',
  valuesConfig: {
    NOT_STARTED: { description: 'The stage before is not closed.' },
    STARTING: {
      description: 'Its start documents may be written; it opens when they are approved and filed.',
    },
    RUNNING: { description: 'Work goes on; it closes when its result documents are approved and filed.' },
    CLOSED: { description: 'Its result is approved and filed.' },
  },
});

/** One stage of a project, between its start gate and its result gate. */
@ObjectType({ description: 'One stage of a project, between its start gate and its result gate.' })
@Entity({ tableName: 'project_stage' })
@Unique({ properties: ['project', 'key'] })
@Index({
  name: 'project_stage_stalls',
  expression:
    'create index project_stage_stalls on project_stage (stalls_at, id) where stalls_at is not null',
})
export class ProjectStage {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => Project, { index: false, updateRule: 'no action', deleteRule: 'cascade' })
  project!: Rel<Project>;

  @Field(() => String, { description: "Key in the project's template." })
  @Property({ type: 'text' })
  key!: string;

  @Field(() => Int, { description: 'Place among the stages, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  @Field(() => StageStatus, { description: 'Where it stands.' })
  @Enum({ items: () => StageStatus })
  status: StageStatus = StageStatus.NOT_STARTED;

  @Field(() => Instant, { nullable: true, description: 'When its start gate opened.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  startedAt: Date | null = null;

  @Field(() => Instant, { nullable: true, description: 'When its result gate closed it.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  closedAt: Date | null = null;

  @Field(() => Instant, {
    nullable: true,
    description: 'When something last happened to it; null: nobody watches whether it stalls.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  activeAt: Date | null = null;

  @Field(() => Instant, {
    nullable: true,
    description:
      'When it counts as stalled if nothing happens; null: its clock stands still, or it is not watched.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  stallsAt: Date | null = null;

  @Field(() => Int, { description: 'The rung that it has reached since something last happened; 0: none.' })
  @Property({ type: 'integer' })
  rung: number = 0;

  /** Grows with everything that happens; timers of a cycle before act no more. */
  @Property({ type: 'integer' })
  chaseCycle: number = 0;
}
