import type { Language } from '../errors.js';

/** A title as packs hold it. */
export interface Localised {
  readonly en: string;
  readonly zh?: string;
}

/** The title in the reader's language; English where there is no Chinese one. */
export const inLanguage = ({ en, zh }: Localised, language: Language): string =>
  language === 'zh' ? (zh ?? en) : en;
