package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the readers and writers of {@code config.json} share. */
final class HuggingFaceKeys {
  /**
   * Keys that do not decide what a network computes: names and versions of what wrote it, how
   * transformers runs it, and the settings of generation that transformers kept here before it had
   * a file for them.
   */
  private static final Set<String> HARMLESS =
      Set.of(
          """
          _attn_implementation _attn_implementation_autoset _commit_hash _flash_attn_2_enabled
          _name_or_path _num_labels architectures attn_implementation bad_words_ids
          begin_suppress_tokens bos_token_id chunk_size_feed_forward cls_token_id
          cross_attention_hidden_size custom_pipelines decoder_start_token_id diversity_penalty
          do_sample dtype early_stopping encoder_no_repeat_ngram_size eos_token_id
          exponential_decay_length_penalty finetuning_task forced_bos_token_id
          forced_eos_token_id gradient_checkpointing id2label is_decoder
          keys_to_ignore_at_inference label2id length_penalty max_length min_length model_type
          no_repeat_ngram_size num_beam_groups num_beams num_labels num_return_sequences
          output_attentions output_hidden_states output_past output_scores pad_token_id prefix
          problem_type remove_invalid_values repetition_penalty return_dict
          return_dict_in_generate sep_token_id sparsity suppress_tokens task_specific_params
          temperature tf_legacy_loss tie_encoder_decoder tokenizer_class top_k top_p torch_dtype
          torchscript transformers.js_config transformers_version typical_p unk_token_id
          unsloth_fixed unsloth_version use_bfloat16 use_cache
          """
              .split("\\s+"));

  private HuggingFaceKeys() {}

  /** The token ids at a key that holds one, several or none. */
  static List<Long> tokens(ConfigMap config, String key) {
    return config
        .get(key)
        .map(node -> node.asList().items().stream().map(ConfigNode::asLong).toList())
        .orElse(List.of());
  }

  /** Writes none as null, since readers have a token of their own where the key is missing. */
  static void putTokens(Map<String, @Nullable Object> config, String key, List<Long> tokens) {
    config.put(
        key,
        switch (tokens.size()) {
          case 0 -> null;
          case 1 -> tokens.getFirst();
          default -> tokens;
        });
  }

  /** The number of classes of a network for pictures. */
  static long classes(ConfigMap config) {
    ConfigNode labels = config.get("id2label").orElse(null);
    if (labels == null) {
      return config.integer("num_labels", 2);
    }
    long classes = labels.asMap().entries().size();
    if (config.integer("num_labels", classes) != classes) {
      throw config.require("num_labels").error("id2label has %d labels".formatted(classes));
    }
    return classes;
  }

  /** Throws unless a key is missing or has the one value that is supported. */
  static void only(ConfigMap config, String key, boolean supported) {
    if (config.flag(key, supported) != supported) {
      throw config
          .require(key)
          .error("%s is not supported; supported is %s".formatted(!supported, supported));
    }
  }

  /** Notes keys that belong to other families: transformers does not apply them in this one. */
  static void foreign(ConfigMap config, List<String> notes, String family, String... keys) {
    for (String key : keys) {
      config.note(key, "not applied: " + family + " does not have it", notes);
    }
  }

  /**
   * The last call: refuses keys that nothing has read, unless they have no value or are known not
   * to decide what the network computes.
   *
   * @param harmless those of the family
   */
  static void finish(ConfigMap config, List<String> notes, String... harmless) {
    for (String key : List.of("quantization_config", "compression_config", "quantization")) {
      config
          .get(key)
          .ifPresent(
              node -> {
                throw node.error(
                    "quantised weights are not supported; give a folder whose weights are F64, F32,"
                        + " BF16 or F16");
              });
    }
    only(config, "is_encoder_decoder", false);
    only(config, "add_cross_attention", false);
    config
        .get("pruned_heads")
        .filter(node -> !node.asMap().entries().isEmpty())
        .ifPresent(
            node -> {
              throw node.error("pruned heads are not supported; leave it out");
            });
    config.note("auto_map", "the code that it names is not run", notes);
    Set<String> ofFamily = Set.of(harmless);
    config.rejectUnknown(
        key -> HARMLESS.contains(key) || ofFamily.contains(key) || isNull(config, key));
  }

  /** Unlike {@link ConfigMap#get}, this does not make the key a known one. */
  private static boolean isNull(ConfigMap config, String key) {
    return config.entries().get(key) instanceof ConfigScalar scalar && scalar.value() == null;
  }
}
