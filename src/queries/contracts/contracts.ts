import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract, ContractKind, ContractStatus } from '../../entities/contracts/contract.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { CONTRACT_COLUMNS } from './contract-by-id.js';

@InputType({ description: 'Which contracts; all conditions hold together.' })
export class ContractFilter {
  @Field(() => [ContractStatus], { nullable: true, description: 'One of these states.' })
  status?: ContractStatus[] | null;

  @Field(() => [ContractKind], { nullable: true, description: 'One of these kinds.' })
  kind?: ContractKind[] | null;

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

export const ContractConnection = connectionType(Contract, 'Contract');

/** The contracts that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function contracts(
  ctx: Context,
  filter: ContractFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Contract>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('contract')
    .where('contract.archived_at', 'is', null)
    .where(visible(viewer, 'contract:read', 'contract'))
    .where(isOneOf('contract.status', filter?.status))
    .where(isOneOf('contract.kind', filter?.kind))
    .where(refersTo('contract.customer_id', filter?.customerId, 'filter.customerId'))
    .where(refersTo('contract.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['contract.title', 'contract.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(CONTRACT_COLUMNS)
    .where(afterKey('contract', page))
    .orderBy('contract.created_at', 'desc')
    .orderBy('contract.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new ContractConnection({
    rows: rows as unknown as Contract[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
