import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  createDocument,
  CreateDocumentInput,
  CreateDocumentPayload,
} from '../../commands/documents/create-document.js';
import {
  updateDocument,
  UpdateDocumentInput,
  UpdateDocumentPayload,
} from '../../commands/documents/update-document.js';
import type { Context } from '../../context.js';
import { Document } from '../../entities/documents/document.js';
import { Plan } from '../../entities/plans/plan.js';
import { ProjectStage } from '../../entities/projects/project.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { document } from '../../queries/documents/document-by-id.js';
import { DocumentConnection, DocumentFilter, documents } from '../../queries/documents/documents.js';
import { planById } from '../../queries/plans/plan-by-id.js';
import { stageById, type StageRow } from '../../queries/projects/project-stages.js';
import { filesOf } from '../../queries/documents/files.js';
import { StoredFile } from '../../entities/documents/stored-file.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Document)
export class DocumentResolver extends businessRecordFields(Document) {
  @Query(() => Document, {
    nullable: true,
    description: 'A document; NOT_FOUND when there is none, or it is out of your scope.',
  })
  document(
    @Arg('id', () => ID, { description: 'The document.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<Document> {
    return document(ctx, id);
  }

  @Query(() => DocumentConnection, { description: 'The documents that you may see, newest first.' })
  documents(
    @Arg('filter', () => DocumentFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: DocumentFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Document>> {
    return documents(ctx, filter, page);
  }

  @Mutation(() => CreateDocumentPayload, {
    description: 'Makes a document in DRAFT that you own; GATE_CLOSED when it is not the time for it.',
  })
  createDocument(
    @Arg('input', () => CreateDocumentInput, { description: 'The new document.' }) input: CreateDocumentInput,
    @Ctx() ctx: Context,
  ): Promise<CreateDocumentPayload> {
    return createDocument(ctx, input);
  }

  @Mutation(() => UpdateDocumentPayload, {
    description:
      'Changes a document; SUBJECT_LOCKED while it is being approved, IMMUTABLE once it is effective.',
  })
  updateDocument(
    @Arg('input', () => UpdateDocumentInput, { description: 'The change.' }) input: UpdateDocumentInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateDocumentPayload> {
    return updateDocument(ctx, input);
  }

  @FieldResolver(() => ProjectStage, {
    nullable: true,
    description: 'The stage it belongs to; null when out of your scope.',
  })
  stage(@Root() { stageId }: Document, @Ctx() ctx: Context): Promise<StageRow | null> | null {
    return stageId === null ? null : stageById(ctx, stageId);
  }

  @FieldResolver(() => Plan, {
    nullable: true,
    description: 'The plan it belongs to; null when out of your scope.',
  })
  plan(@Root() { planId }: Document, @Ctx() ctx: Context): Promise<Plan | null> | null {
    return planId === null ? null : planById(ctx, planId);
  }

  @FieldResolver(() => [StoredFile], { description: 'Its files, in the order in which they were attached.' })
  attachments(@Root() { id }: Document, @Ctx() ctx: Context): Promise<StoredFile[]> {
    return filesOf(ctx, id);
  }
}
