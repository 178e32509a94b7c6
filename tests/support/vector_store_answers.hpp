#pragma once

#include <nlohmann/json.hpp>

/// What OpenAI's documentation has as answers about vector stores, with all members filled.
namespace openailb::test::vector_store_answers {

using nlohmann::json;

inline const json store_json =
    json::parse(R"({"id": "vs_abc123", "object": "vector_store", "created_at": 1699061776,
  "name": "Support FAQ", "description": "Contains commonly asked questions", "usage_bytes": 139920,
  "file_counts": {"in_progress": 1, "completed": 2, "failed": 3, "cancelled": 4, "total": 10},
  "status": "completed", "expires_after": {"anchor": "last_active_at", "days": 7},
  "expires_at": 1699666576, "last_active_at": 1699061776, "metadata": {"a": "b"}})");

inline const json file_json = json::parse(R"({"id": "file-abc123", "object": "vector_store.file",
  "created_at": 1699061776, "usage_bytes": 1234, "vector_store_id": "vs_abc123", "status": "completed",
  "last_error": null, "attributes": {"author": "me", "year": 2024},
  "chunking_strategy": {"type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}})");

inline const json batch_json = json::parse(R"({"id": "vsfb_123", "object": "vector_store.files_batch",
  "created_at": 1699061776, "vector_store_id": "vs_abc123", "status": "in_progress",
  "file_counts": {"in_progress": 1, "completed": 1, "failed": 0, "cancelled": 0, "total": 2}})");

inline const json found_json = json::parse(R"({"object": "vector_store.search_results.page",
  "search_query": ["What is the return policy?"], "has_more": true, "next_page": "p2",
  "data": [{"file_id": "file_123", "filename": "document.pdf", "score": 0.95,
            "attributes": {"author": "John Doe"},
            "content": [{"type": "text", "text": "Relevant chunk"}]}]})");

inline json list_of(const json& item) { return {{"object", "list"}, {"data", {item}}, {"has_more", false}}; }
}  // namespace openailb::test::vector_store_answers
