#include "dataplane/http/head.h"

#include "dataplane/http/syntax.h"

namespace wp::http {

const Field* HeadBase::find(Name wanted) const {
  if (!has(wanted)) return nullptr;
  for (const Field& field : all()) {
    if (field.name == wanted) return &field;
  }
  return nullptr;
}

std::string_view HeadBase::value_of(std::string_view lower) const {
  for (const Field& field : all()) {
    if (syntax::equals_folded(name(field), lower)) return value(field);
  }
  return {};
}

std::string_view RequestHead::path() const {
  const std::string_view whole = target();
  return whole.substr(0, whole.find('?'));
}

}  // namespace wp::http
