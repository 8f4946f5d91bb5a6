import { digestOf } from '../../../workflows/canonical.js';
import type { Interest, SubjectSnapshot } from '../../../workflows/request.js';
import type { LoadedSubject } from './subject.js';

/** What is being approved, frozen, with the digest of its watched content. */
export const snapshotOf = (type: string, subject: LoadedSubject): SubjectSnapshot => ({
  type,
  id: subject.id,
  title: subject.title,
  ownerId: subject.ownerId,
  departmentId: subject.departmentId,
  content: subject.content,
  digest: digestOf(subject.content),
});

/** Who has an interest from the start; each person once, the strongest reason first. */
export function interestsOf(requesterId: string, subject: LoadedSubject): Interest[] {
  const all: Interest[] = [
    { personId: requesterId, because: 'REQUESTER' },
    { personId: subject.ownerId, because: 'OWNER' },
    { personId: subject.lastAuthorId, because: 'LAST_AUTHOR' },
    ...subject.beneficiaryIds.map((personId): Interest => ({ personId, because: 'BENEFICIARY' })),
  ];
  return all.filter(
    (interest, index) => all.findIndex((other) => other.personId === interest.personId) === index,
  );
}
