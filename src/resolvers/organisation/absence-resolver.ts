import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import {
  endAbsence,
  EndAbsenceInput,
  setAbsence,
  SetAbsenceInput,
  type AbsenceChange,
} from '../../commands/organisation/set-absence.js';
import type { Context } from '../../context.js';
import { Absence } from '../../entities/organisation/absence.js';
import { User } from '../../entities/organisation/user.js';
import { absenceAfter, AbsenceFilter, absences } from '../../queries/organisation/absences.js';
import { personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'An absence, and what changed hands by it.' })
export class AbsencePayload {
  @Field(() => Absence, { description: 'The absence, as it is now.' })
  absence!: Absence;

  @Field(() => Int, { description: 'Open turns that went to a substitute, or came back, at once.' })
  moved!: number;
}

const payload = async (ctx: Context, { absenceId, moved }: AbsenceChange): Promise<AbsencePayload> => ({
  absence: await absenceAfter(ctx, absenceId),
  moved: Number(moved),
});

@Resolver()
export class AbsenceResolver {
  @Query(() => [Absence], {
    description:
      'Absences not over yet: yours, those in which you stand in, those of your people; at most 500.',
  })
  absences(
    @Arg('filter', () => AbsenceFilter, { nullable: true, description: 'Narrows the list.' })
    filter: AbsenceFilter | null,
    @Ctx() ctx: Context,
  ): Promise<Absence[]> {
    return absences(ctx, filter ?? {});
  }

  @Mutation(() => AbsencePayload, {
    description: 'Sets an absence: yours, of someone whom you manage, or of anyone with organisation:manage.',
  })
  async setAbsence(
    @Arg('input', () => SetAbsenceInput, { description: 'Who is away when, and who stands in.' })
    input: SetAbsenceInput,
    @Ctx() ctx: Context,
  ): Promise<AbsencePayload> {
    return payload(ctx, await setAbsence(ctx, input));
  }

  @Mutation(() => AbsencePayload, { description: 'Ends an absence now; what was left untouched comes back.' })
  async endAbsence(
    @Arg('input', () => EndAbsenceInput, { description: 'Which.' }) input: EndAbsenceInput,
    @Ctx() ctx: Context,
  ): Promise<AbsencePayload> {
    return payload(ctx, await endAbsence(ctx, input));
  }
}

@Resolver(() => Absence)
export class AbsenceFields {
  @FieldResolver(() => User, { description: 'Who is away.' })
  person(@Root() { personId }: Absence, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, personId);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who stands in.' })
  substitute(@Root() { substituteId }: Absence, @Ctx() ctx: Context): Promise<User> | null {
    return substituteId === null ? null : personById(ctx, substituteId);
  }
}
