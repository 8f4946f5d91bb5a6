import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { SubjectType } from '../approvals/enums.js';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';

/** A file as it was uploaded. It never changes: another content is another file. */
@ObjectType({ description: 'A file as it was uploaded; it never changes. `GET /files/<id>` gives it.' })
@Entity({ tableName: 'stored_file' })
export class StoredFile {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, { description: 'SHA-256 (hex) over its bytes.' })
  @Property({ type: 'text' })
  digest!: string;

  @Field(() => String, { description: 'Its name, without a path.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { description: 'Media type as the uploader gave it; nothing trusts it.' })
  @Property({ type: 'text' })
  mediaType!: string;

  @Field(() => Int, { description: 'Size in bytes.' })
  @Property({ type: 'integer' })
  size!: number;

  @Property({ type: 'blob', lazy: true })
  content!: Buffer;

  @BelongsTo(() => User, 'uploaded_by_id')
  uploadedById!: string;

  @Field(() => Instant, { description: 'When it was uploaded.' })
  @Property({ type: 'timestamptz', length: 3 })
  uploadedAt!: Date;
}

/** A file that belongs to a subject: its digest is part of what is approved. */
@Entity({ tableName: 'attachment' })
@Unique({ properties: ['subjectId', 'fileId'] })
@Index({ properties: ['fileId'] })
export class Attachment {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Enum({ items: () => SubjectType })
  subjectType!: SubjectType;

  @Property({ type: 'uuid' })
  subjectId!: string;

  @BelongsTo(() => StoredFile, 'file_id', { index: false })
  fileId!: string;
}
