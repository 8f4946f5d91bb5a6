import { Collection, type Rel } from '@mikro-orm/postgresql';
import { Entity, Enum, Index, ManyToOne, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Customer } from '../customers/customer.js';
import { Project } from '../projects/project.js';
import { BusinessRecord } from '../record.js';
import { Day, Decimal } from '../scalars.js';
import { SalesLine } from './sales-line.js';

export enum QuoteStatus {
  DRAFT = 'DRAFT',
  IN_REVIEW = 'IN_REVIEW',
  RETURNED = 'RETURNED',
  APPROVED = 'APPROVED',
  AMENDED = 'AMENDED',
  REJECTED = 'REJECTED',
}
registerEnumType(QuoteStatus, {
  name: 'QuoteStatus',
  description: 'Where the quote stands.',
  valuesConfig: {
    DRAFT: { description: 'Being written; may be changed and submitted.' },
    IN_REVIEW: { description: 'Being countersigned; watched fields are locked.' },
    RETURNED: { description: 'Back with the requester for changes.' },
    APPROVED: { description: 'Countersigned; may go to the customer, and contracts be made from it.' },
    AMENDED: {
      description: 'Changed since it was approved; approvals are void until it is submitted again.',
    },
    REJECTED: { description: 'Refused; may be changed and submitted anew.' },
  },
});

/** An offer to a customer: lines, price and how long it stands. */
@ObjectType({ description: 'An offer to a customer: lines, price and how long it stands.' })
@Entity({ tableName: 'quote' })
@Index({ properties: ['createdAt', 'id'] })
export class Quote extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => QuoteStatus, { description: 'Where it stands.' })
  @Enum({ items: () => QuoteStatus })
  status: QuoteStatus = QuoteStatus.DRAFT;

  @BelongsTo(() => Customer, 'customer_id')
  customerId!: string;

  @BelongsTo(() => Project, 'project_id', { nullable: true })
  projectId: string | null = null;

  @Field(() => Day, {
    nullable: true,
    description: 'Last day on which a contract may be made from it; null: no end.',
  })
  @Property({ type: 'date', nullable: true })
  validUntil: string | null = null;

  /** The quote that it was copied from; it inherits nothing from there. */
  @BelongsTo(() => Quote, 'copied_from_id', { nullable: true, index: false })
  copiedFromId: string | null = null;

  @Property({ type: 'decimal', precision: 18, scale: 2 })
  amount!: string;

  @Property({ type: 'character', length: 3 })
  currency!: string;

  @Field(() => Decimal, { description: 'Discount on the list price in percent, 0 to 100.' })
  @Property({ type: 'decimal', precision: 5, scale: 2 })
  discountPercent: string = '0.00';

  @Field(() => String, { nullable: true, description: 'A note for yourselves; no part of what is approved.' })
  @Property({ type: 'text', nullable: true })
  note: string | null = null;

  @Field(() => [QuoteLine], { description: 'What is sold, in order.' })
  @OneToMany(() => QuoteLine, (line) => line.quote, { orphanRemoval: true, orderBy: { position: 'asc' } })
  lines = new Collection<QuoteLine>(this);
}

/** One line of a quote. */
@ObjectType({ description: 'One line of a quote.' })
@Entity({ tableName: 'quote_line' })
export class QuoteLine extends SalesLine {
  @ManyToOne(() => Quote, { index: true, updateRule: 'no action', deleteRule: 'cascade' })
  quote!: Rel<Quote>;
}
