import type { Language } from '../errors.js';
import type { Localised } from '../workflows/process.js';

/** The title in the reader's language; English where there is no Chinese one. */
export const inLanguage = ({ en, zh }: Localised, language: Language): string =>
  language === 'zh' ? (zh ?? en) : en;
