import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Plan } from '../plans/plan.js';
import { ProjectStage } from '../projects/project.js';
import { BusinessRecord } from '../record.js';
import { Instant, Json } from '../scalars.js';

export enum DocumentStatus {
  DRAFT = 'DRAFT',
  IN_REVIEW = 'IN_REVIEW',
  RETURNED = 'RETURNED',
  EFFECTIVE = 'EFFECTIVE',
  REJECTED = 'REJECTED',
}
registerEnumType(DocumentStatus, {
  name: 'DocumentStatus',
  description: 'Where the document stands.',
  valuesConfig: {
    DRAFT: { description: 'Being written; may be changed and submitted.' },
    IN_REVIEW: { description: 'Being countersigned and filed; watched fields are locked.' },
    RETURNED: { description: 'Back with the requester for changes.' },
    EFFECTIVE: { description: 'Approved, and filed where its process files.' },
    REJECTED: { description: 'Refused; may be changed and submitted anew.' },
  },
});

export enum DocumentGate {
  START = 'START',
  RESULT = 'RESULT',
  NONE = 'NONE',
}
registerEnumType(DocumentGate, {
  name: 'DocumentGate',
  description: 'Which gate of a stage the document serves.',
  valuesConfig: {
    START: { description: 'Opens the stage once approved and filed.' },
    RESULT: { description: 'Closes the stage once approved and filed.' },
    NONE: { description: 'No gate.' },
  },
});

/** A filled form: validated data with approval and a filing number. */
@ObjectType({ description: 'A filled form: data with approval and a filing number.' })
@Entity({ tableName: 'document' })
@Index({ properties: ['createdAt', 'id'] })
export class Document extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => String, { description: 'Key of its form, such as `F-001`.' })
  @Property({ type: 'text' })
  formKey!: string;

  @Field(() => DocumentStatus, { description: 'Where it stands.' })
  @Enum({ items: () => DocumentStatus })
  status: DocumentStatus = DocumentStatus.DRAFT;

  @Field(() => DocumentGate, { description: 'Which gate of its stage it serves.' })
  @Enum({ items: () => DocumentGate })
  gate: DocumentGate = DocumentGate.NONE;

  @BelongsTo(() => ProjectStage, 'stage_id', { nullable: true })
  stageId: string | null = null;

  @BelongsTo(() => Plan, 'plan_id', { nullable: true })
  planId: string | null = null;

  @Field(() => Json, { description: 'What was filled in.' })
  @Property({ type: 'jsonb' })
  data: Record<string, unknown> = {};

  @Field(() => String, { nullable: true, description: 'Filing number, once filed.' })
  @Property({ type: 'text', nullable: true })
  filingNumber: string | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it became effective.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  effectiveAt: Date | null = null;
}

/** A form of a pack, by key; the newest version. */
@Entity({ tableName: 'form_template' })
export class FormTemplateRow {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'integer' })
  version!: number;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
