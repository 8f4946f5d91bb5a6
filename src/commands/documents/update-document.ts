import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Document, DocumentStatus } from '../../entities/documents/document.js';
import { Json } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { stageActivity } from '../projects/stage-activity.js';
import { inTransaction, requireActor } from '../transaction.js';
import { checkDocument, requireFormData, setDocumentFields } from './document-fields.js';

@InputType({
  description: 'A change of a document; fields left out keep their values. Form, stage and plan stay.',
})
export class UpdateDocumentInput {
  @Field(() => ID, { description: 'The document.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => Json, {
    nullable: true,
    description: 'All that is filled in: an object, at most 65536 bytes.',
  })
  data?: unknown;
}

@ObjectType({ description: 'What `updateDocument` changed.' })
export class UpdateDocumentPayload {
  @Field(() => Document, { description: 'The document as it is now.' })
  document!: Document;
}

/**
 * Changes a document and lets its version grow by 1.
 * @throws NOT_FOUND, SUBJECT_LOCKED while it is in review, IMMUTABLE once effective, CONFLICT, BAD_USER_INPUT
 */
export function updateDocument(ctx: Context, input: UpdateDocumentInput): Promise<UpdateDocumentPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkDocument(input));
  return inTransaction(ctx, async (tx) => {
    const id = await lockRecord(tx, 'document', input.id, 'document:update');
    const document = await tx.em.findOneOrFail(Document, { id });
    requireUnlocked(document, 'DOCUMENT');
    if (document.status === DocumentStatus.EFFECTIVE) {
      throw refusal('IMMUTABLE', { what: 'document', reason: 'it is approved and in force' });
    }
    requireVersion(document, input.expectedVersion);
    setDocumentFields(document, input);
    if (input.data !== undefined) await requireFormData(tx, document.formKey, document.data);
    touchRecord(document, actor.id, tx.now);
    if (document.stageId !== null) await stageActivity(tx, { documentId: id });
    return { document };
  });
}
