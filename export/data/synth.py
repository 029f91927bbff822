"""Which synthetic voices say which sentences; writes sounds and phone times into the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from export.data.voices import Voice, synthesise
from space_runtime.timebase import SAMPLE_RATE

FLITE = ("kal16", "awb", "rms", "slt")
FESTIVAL = (
    ("kal_diphone", "en", "utf8"),
    ("ked_diphone", "en", "utf8"),
    ("cmu_us_slt_arctic_hts", "en", "utf8"),
    ("lp_diphone", "it", "latin1"),
    ("pc_diphone", "it", "latin1"),
    ("suo_fi_lj_diphone", "fi", "latin1"),
    ("hy_fi_mv_diphone", "fi", "latin1"),
    ("czech_ph", "cs", "iso8859-2"),
    ("czech_dita", "cs", "iso8859-2"),
    ("czech_krb", "cs", "iso8859-2"),
    ("czech_machac", "cs", "iso8859-2"),
    ("upc_ca_ona_hts", "ca", "iso8859-15"),
)
ESPEAK = ("en-us", "en-gb", "en-gb-scotland", "de", "nl", "fr-fr", "es", "it", "pt", "pl", "fi", "cs", "sv", "tr", "hu")
ESPEAK_VARIANTS = (
    "",
    "+f1",
    "+f2",
    "+f3",
    "+f4",
    "+f5",
    "+m1",
    "+m2",
    "+m3",
    "+m4",
    "+m5",
    "+m6",
    "+m7",
    "+m8",
    "+klatt",
    "+klatt2",
    "+klatt3",
)
SENTENCES = {
    "it": "Bob compra una mappa grande ma Pamela tiene il libro. La volpe veloce salta sopra il cane pigro nel bosco. "
    "Domani mattina vogliamo partire presto per vedere il mare e la montagna. Perché non bevi un poco di acqua?",
    "fi": "Pekka ostaa ison kartan mutta Mari pitää kirjan. Nopea kettu hyppää laiskan koiran yli metsässä. "
    "Huomenna aamulla lähdemme veneellä pienelle saarelle syömään puuroa ja mustikoita. Missä sinun pöytäsi on?",
    "cs": "Bob koupí mapu ale Pavla má novou knihu. Rychlá liška skáče přes líného psa v lese. "
    "Zítra ráno pojedeme vlakem do hor a budeme hledat houby. Proč tu nemáš žádnou čistou vodu?",
    "ca": "En Bob compra un mapa gran però la Pam té el llibre. La guineu ràpida salta per sobre del gos mandrós. "
    "Demà al matí volem sortir aviat per veure el mar i la muntanya. Per què no beus una mica d'aigua fresca?",
    "fr": "Bob achète une grande carte mais Pam garde le livre. Le renard brun saute par-dessus le chien paresseux. "
    "Demain matin nous voulons partir tôt pour voir la mer et la montagne. Pourquoi ne bois-tu pas un peu d'eau?",
    "es": "Bob compra un mapa grande pero Pam guarda el libro. El zorro rápido salta sobre el perro perezoso. "
    "Mañana por la mañana queremos salir temprano para ver el mar y la montaña. ¿Por qué no bebes algo de agua?",
    "pt": "Bob compra um mapa grande mas a Pam guarda o livro. A raposa rápida salta sobre o cão preguiçoso. "
    "Amanhã de manhã queremos sair cedo para ver o mar e a montanha. Por que não bebes um pouco de água fresca?",
    "pl": "Bob kupuje dużą mapę a Pamela ma książkę. Szybki lis skacze przez leniwego psa w lesie. "
    "Jutro rano pojedziemy pociągiem w góry i będziemy szukać grzybów. Dlaczego nie pijesz zimnej wody?",
    "sv": "Bob köper en stor karta men Pam behåller boken. Den snabba räven hoppar över den lata hunden. "
    "I morgon bitti vill vi åka tidigt för att se havet och fjällen. Varför dricker du inte lite vatten?",
    "tr": "Bob büyük bir harita alıyor ama Pam kitabı tutuyor. Hızlı tilki tembel köpeğin üstünden atlar. "
    "Yarın sabah erkenden denizi ve dağı görmek için yola çıkmak istiyoruz. Neden biraz su içmiyorsun?",
    "hu": "Bob nagy térképet vesz de Pam megtartja a könyvet. A gyors róka átugrik a lusta kutya felett. "
    "Holnap reggel korán indulunk hogy lássuk a tengert és a hegyeket. Miért nem iszol egy kis vizet?",
}
MAX_WORDS = 14


def synthesise_corpus(data: Path, cache: Path, scale: float = 1.0) -> Path:
    """Speak the whole plan into ``cache/synth`` (wav + ``index.jsonl``); ``scale`` shortens it. Returns the index.

    Sentences on which an engine fails are left out. Repeatable: the plan depends on a fixed seed alone.
    """
    folder = cache / "synth"
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.jsonl"
    with index.open("w", encoding="utf-8") as rows:
        for number, (voice, text) in enumerate(_plan(_texts(data), scale)):
            try:
                spoken = synthesise(voice, text, folder)
            except (RuntimeError, OSError, ValueError, IndexError):
                continue
            name = f"{number:05d}.wav"
            soundfile.write(folder / name, spoken.pcm, SAMPLE_RATE, subtype="PCM_16")
            row = {
                "file": name,
                "speaker": f"{voice.engine}:{voice.name}",
                "symbols": spoken.symbols,
                "phones": [[p, round(s, 4), round(e, 4)] for p, s, e in spoken.phones],
            }
            rows.write(json.dumps(row, ensure_ascii=False) + "\n")
    return index


def _texts(data: Path) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for line in (data / "speech" / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["text"] and row["source"] != "EmoDB via hkveeranki":
            texts.setdefault(row["language"][:2], []).append(row["text"].lower())
    return {language: sorted(set(lines)) for language, lines in texts.items() if language in {"en", "de", "nl"}}


def _plan(texts: dict[str, list[str]], scale: float) -> Iterator[tuple[Voice, str]]:
    rng = np.random.default_rng(1)
    for round_ in range(round(10 * scale)):
        for name in FLITE:
            yield from ((Voice("flite", name, "en"), _sentence(rng, "en", texts)) for _ in range(32))
        for name, language, encoding in FESTIVAL:
            n = 22 if language == "en" else 7
            voice = Voice("festival", name, language, encoding)
            yield from ((voice, _sentence(rng, language, texts)) for _ in range(n))
        for name in ESPEAK:
            for _ in range(24 if name.startswith("en") else 7):
                yield _espeak_voice(rng, name), _sentence(rng, name[:2], texts)
        del round_


def _espeak_voice(rng: np.random.Generator, name: str) -> Voice:
    variant = str(rng.choice(ESPEAK_VARIANTS))
    rate, pitch, spread = (int(rng.integers(*limits)) for limits in ((120, 230), (20, 80), (20, 80)))
    return Voice("espeak", name + variant, name[:2], rate=rate, pitch=pitch, pitch_range=spread)


def _sentence(rng: np.random.Generator, language: str, texts: dict[str, list[str]]) -> str:
    """Return a transcript line, or for languages without transcripts words of `SENTENCES` in random order."""
    if language in texts:
        words = str(rng.choice(texts[language])).split()
        first = int(rng.integers(0, max(1, len(words) - MAX_WORDS + 1)))
        return " ".join(words[first : first + MAX_WORDS])
    words = SENTENCES[language].replace(".", "").replace("?", "").split()
    chosen = [str(word) for word in rng.choice(words, int(rng.integers(4, 11)))]
    middle = len(chosen) // 2
    return " ".join(chosen[:middle]) + ", " + " ".join(chosen[middle:]) + "."
