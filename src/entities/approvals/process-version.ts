import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';

export enum ProcessStatus {
  DRAFT = 'DRAFT',
  PUBLISHED = 'PUBLISHED',
  RETIRED = 'RETIRED',
}
registerEnumType(ProcessStatus, {
  name: 'ProcessStatus',
  description: 'Life of a version of a process definition.',
  valuesConfig: {
    DRAFT: { description: 'Being written.' },
    PUBLISHED: { description: 'In use; never changes again.' },
    RETIRED: { description: 'Not chosen any more; open requests finish on it.' },
  },
});

/** One version of a process definition. Once published it never changes (a trigger refuses it). */
@ObjectType('ProcessDefinition', { description: 'One version of how one kind of subject is approved.' })
@Entity({ tableName: 'process_version' })
@Unique({ properties: ['key', 'version'] })
export class ProcessVersion {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, { description: 'Key shared by all versions.' })
  @Property({ type: 'text' })
  key!: string;

  @Field(() => Int, { description: 'Version, from 1.' })
  @Property({ type: 'integer' })
  version!: number;

  @Property({ type: 'text', index: true })
  subjectType!: string;

  @Field(() => String, { description: 'Purpose it serves, such as `review`.' })
  @Property({ type: 'text' })
  purpose!: string;

  @Field(() => ProcessStatus, { description: 'Where the version stands.' })
  @Enum({ items: () => ProcessStatus })
  status: ProcessStatus = ProcessStatus.PUBLISHED;

  @Field(() => Int, { description: 'Higher is tried first.' })
  @Property({ type: 'integer' })
  priority!: number;

  /** ProcessDefinition as plain data. */
  @Property({ type: 'jsonb' })
  definition!: unknown;

  /** SHA-256 of the canonical definition: the same content is not published twice. */
  @Property({ type: 'text' })
  digest!: string;

  @Field(() => Instant, { nullable: true, description: 'When it was published.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  publishedAt: Date | null = null;
}
