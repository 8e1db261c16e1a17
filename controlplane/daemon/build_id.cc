#include "controlplane/daemon/build_id.h"

#include <cstddef>
#include <cstring>

#include <elf.h>
#include <link.h>

namespace wp::daemon {
namespace {

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < size; ++i) {
    hex += kDigits[bytes[i] >> 4U];
    hex += kDigits[bytes[i] & 15U];
  }
  return hex;
}

// elf(5): a note is a header, a name and a description, both padded to four bytes.
void search_notes(const unsigned char* at, std::size_t size, BuildId& found) {
  const auto padded = [](std::size_t n) { return (n + 3) & ~std::size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const std::size_t whole = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (whole > size) return;
    const unsigned char* name = at + sizeof note;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      found.hex = hex_of(name + padded(note.n_namesz), note.n_descsz);
    }
    at += whole;
    size -= whole;
  }
}

// The program itself comes first of all loaded objects: one look ends the walk.
int on_object(dl_phdr_info* object, std::size_t, void* into) {
  BuildId& found = *static_cast<BuildId*>(into);
  found.load_base = object->dlpi_addr;
  for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives its addresses as numbers
    const auto* notes = reinterpret_cast<const unsigned char*>(object->dlpi_addr + segment.p_vaddr);
    search_notes(notes, segment.p_memsz, found);
  }
  return 1;
}

}  // namespace

BuildId build_id() {
  BuildId found;
  ::dl_iterate_phdr(on_object, &found);
  return found;
}

}  // namespace wp::daemon
