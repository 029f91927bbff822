"""The Unreal plugin, compiled by g++ against stand-in headers, and a scene that runs it.

What Unreal's header tool writes (``NAME.generated.h``) is made here of the class and its base.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from tests.engine_bridge.cpp import cpp_program

ROOT: Final = Path(__file__).parents[3] / "engine_bridge" / "unreal"
SOURCE: Final = ROOT / "SpaceRuntime" / "Source"
STUB: Final = Path(__file__).parent / "unreal_stub"
WARNINGS: Final = ("-Wall", "-Wextra", "-Wshadow", "-Werror", "-Wno-unused-parameter")

HEADERS: Final = {
    "Core.h": "CoreMinimal Features/IModularFeatures HAL/PlatformTime Misc/FileHelper Modules/ModuleManager",
    "Objects.h": "UObject/Object UObject/Package UObject/WeakObjectPtrTemplates",
    "Engine.h": "Animation/MorphTarget Components/ActorComponent Components/AudioComponent "
    "Components/SkeletalMeshComponent Engine/GameInstance Engine/SkeletalMesh Engine/World GameFramework/Actor "
    "Sound/SoundWave Sound/SoundWaveProcedural Subsystems/GameInstanceSubsystem",
    "LiveLink.h": "ILiveLinkClient ILiveLinkSource LiveLinkSourceFactory LiveLinkTypes Roles/LiveLinkBasicRole",
    "Editor.h": "Factories/Factory Misc/FeedbackContext",
}
"""Unreal's headers that the plugin includes, by the file of the stand-in that has their content."""

_CLASS: Final = re.compile(r"^class (?:[A-Z]+_API )?(\w+)(?: final)? : public (\w+)\n\{\n\tGENERATED_BODY\(\)", re.M)
_GENERATED: Final = """#pragma once
#undef GENERATED_BODY
#define GENERATED_BODY() \\
    using Super = {base}; \\
public: \\
    static UClass* StaticClass() {{ return stub::class_of<{name}>(); }} \\
private:
"""


def sources() -> list[Path]:
    """Return the plugin's own C++ files."""
    return sorted(path for path in SOURCE.rglob("*") if path.suffix in {".h", ".cpp"})


@cache
def include_folder() -> Path:
    """Return a folder with Unreal's header names, and what its header tool would write."""
    folder = cpp_program.folder() / "unreal"
    for file, names in HEADERS.items():
        for name in names.split():
            path = folder / f"{name}.h"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'#pragma once\n#include "{STUB / file}"\n', "utf-8")
    for header in sources():
        for name, base in _CLASS.findall(header.read_text("utf-8")):
            (folder / f"{header.stem}.generated.h").write_text(_GENERATED.format(name=name, base=base), "utf-8")
    return folder


@cache
def scene() -> Path:
    """Return the program that runs the plugin in a scene, built with the memory sanitizers."""
    cpp_program.need_compiler()
    folders = [include_folder(), cpp_program.ROOT, *SOURCE.glob("*/Public"), *SOURCE.glob("*/Private")]
    flags = ["-std=c++20", *cpp_program.DEBUG, *cpp_program.MEMORY, *WARNINGS, *(f"-I{folder}" for folder in folders)]
    objects = []
    for source in [*(path for path in sources() if path.suffix == ".cpp"), Path(__file__).parent / "scene.cpp"]:
        objects.append(cpp_program.folder() / f"unreal_{source.stem}.o")
        cpp_program.run(["g++", *flags, "-c", source, "-o", objects[-1]])
    client = cpp_program.compiled([cpp_program.joined("space")], (*cpp_program.DEBUG, *cpp_program.MEMORY))
    return cpp_program.link(cpp_program.folder() / "unreal_scene", [*objects, *client], cpp_program.MEMORY)
