import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Document, DocumentGate, DocumentStatus } from '../../entities/documents/document.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { DOCUMENT_COLUMNS } from './document-by-id.js';

@InputType({ description: 'Which documents; all conditions hold together.' })
export class DocumentFilter {
  @Field(() => [DocumentStatus], { nullable: true, description: 'One of these states.' })
  status?: DocumentStatus[] | null;

  @Field(() => [DocumentGate], { nullable: true, description: 'For one of these gates.' })
  gate?: DocumentGate[] | null;

  @Field(() => [String], { nullable: true, description: 'With one of these forms.' })
  formKey?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Of this stage.' })
  stageId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this plan.' })
  planId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this person.' })
  ownerId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The title or the number contains this text, in any case.',
  })
  text?: string | null;
}

export const DocumentConnection = connectionType(Document, 'Document');

/** The documents that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function documents(
  ctx: Context,
  filter: DocumentFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Document>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('document')
    .where('document.archived_at', 'is', null)
    .where(visible(viewer, 'document:read', 'document'))
    .where(isOneOf('document.status', filter?.status))
    .where(isOneOf('document.gate', filter?.gate))
    .where(isOneOf('document.form_key', filter?.formKey))
    .where(refersTo('document.stage_id', filter?.stageId, 'filter.stageId'))
    .where(refersTo('document.plan_id', filter?.planId, 'filter.planId'))
    .where(refersTo('document.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['document.title', 'document.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(DOCUMENT_COLUMNS)
    .where(afterKey('document', page))
    .orderBy('document.created_at', 'desc')
    .orderBy('document.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new DocumentConnection({
    rows: rows as unknown as Document[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
