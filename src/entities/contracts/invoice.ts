import { Collection, type Rel } from '@mikro-orm/postgresql';
import { Entity, Enum, Index, ManyToOne, OneToMany, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { Customer } from '../customers/customer.js';
import { BusinessRecord } from '../record.js';
import { Day, Decimal } from '../scalars.js';
import { Contract } from './contract.js';
import { SalesLine } from './sales-line.js';

export enum InvoiceStatus {
  DRAFT = 'DRAFT',
  IN_REVIEW = 'IN_REVIEW',
  RETURNED = 'RETURNED',
  APPROVED = 'APPROVED',
  AMENDED = 'AMENDED',
  REJECTED = 'REJECTED',
}
registerEnumType(InvoiceStatus, {
  name: 'InvoiceStatus',
  description: 'Where the invoice stands.',
  valuesConfig: {
    DRAFT: { description: 'Being written; may be changed and submitted.' },
    IN_REVIEW: { description: 'Being countersigned; watched fields are locked.' },
    RETURNED: { description: 'Back with the requester for changes.' },
    APPROVED: { description: 'Countersigned; may be issued.' },
    AMENDED: {
      description: 'Changed since it was approved; approvals are void until it is submitted again.',
    },
    REJECTED: { description: 'Refused; may be changed and submitted anew.' },
  },
});

/** A bill for what a contract calls for. */
@ObjectType({ description: 'A bill for what a contract calls for.' })
@Entity({ tableName: 'invoice' })
@Index({ properties: ['createdAt', 'id'] })
export class Invoice extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => InvoiceStatus, { description: 'Where it stands.' })
  @Enum({ items: () => InvoiceStatus })
  status: InvoiceStatus = InvoiceStatus.DRAFT;

  @BelongsTo(() => Customer, 'customer_id')
  customerId!: string;

  @BelongsTo(() => Contract, 'contract_id')
  contractId!: string;

  @Field(() => Day, { nullable: true, description: 'Day by which it is to be paid.' })
  @Property({ type: 'date', nullable: true })
  dueOn: string | null = null;

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

  @Field(() => [InvoiceLine], { description: 'What is sold, in order.' })
  @OneToMany(() => InvoiceLine, (line) => line.invoice, { orphanRemoval: true, orderBy: { position: 'asc' } })
  lines = new Collection<InvoiceLine>(this);
}

/** One line of a invoice. */
@ObjectType({ description: 'One line of a invoice.' })
@Entity({ tableName: 'invoice_line' })
export class InvoiceLine extends SalesLine {
  @ManyToOne(() => Invoice, { index: true, updateRule: 'no action', deleteRule: 'cascade' })
  invoice!: Rel<Invoice>;
}
