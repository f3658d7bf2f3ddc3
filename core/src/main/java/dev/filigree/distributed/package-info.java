/** Replicas of a model in several processes: where they meet, and what they exchange. */
@org.jspecify.annotations.NullMarked
package dev.filigree.distributed;
