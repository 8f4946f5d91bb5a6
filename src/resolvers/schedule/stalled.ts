import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { personById } from '../../queries/organisation/people.js';
import {
  stalled,
  StalledFilter,
  StalledItem,
  StalledItemConnection,
} from '../../queries/schedule/stalled.js';

@Resolver(() => StalledItem)
export class StalledResolver {
  @Query(() => StalledItemConnection, {
    description:
      'Everything past due that you may see, longest overdue first: whose turn, by how long, which rung.',
  })
  stalled(
    @Ctx() ctx: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => StalledFilter, { nullable: true, description: 'Which of them.' })
    filter?: StalledFilter | null,
  ): Promise<ConnectionOf<StalledItem>> {
    return stalled(ctx, filter, page);
  }

  @FieldResolver(() => User, {
    nullable: true,
    description: 'Whose turn it is: of an assignment always; null where it waits for a role.',
  })
  person(@Root() { personId }: StalledItem, @Ctx() ctx: Context): Promise<User> | null {
    return personId === null ? null : personById(ctx, personId);
  }
}
