import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Quote, QuoteStatus } from '../../entities/contracts/quote.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { QUOTE_COLUMNS } from './quote-by-id.js';

@InputType({ description: 'Which quotes; all conditions hold together.' })
export class QuoteFilter {
  @Field(() => [QuoteStatus], { nullable: true, description: 'One of these states.' })
  status?: QuoteStatus[] | null;

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

export const QuoteConnection = connectionType(Quote, 'Quote');

/** The quotes that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function quotes(
  ctx: Context,
  filter: QuoteFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Quote>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('quote')
    .where('quote.archived_at', 'is', null)
    .where(visible(viewer, 'quote:read', 'quote'))
    .where(isOneOf('quote.status', filter?.status))
    .where(refersTo('quote.customer_id', filter?.customerId, 'filter.customerId'))
    .where(refersTo('quote.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['quote.title', 'quote.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(QUOTE_COLUMNS)
    .where(afterKey('quote', page))
    .orderBy('quote.created_at', 'desc')
    .orderBy('quote.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new QuoteConnection({
    rows: rows as unknown as Quote[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
