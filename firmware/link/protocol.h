/* Made of firmware/protocol.toml by firmware/tools/protocol.py: change that. */
#ifndef NB_PROTOCOL_H
#define NB_PROTOCOL_H

#define NB_FINGERPRINT 0x44EFCA89u /* of the table; HELLO tells it */
#define NB_MAJOR 1u
#define NB_MINOR 0u
#define NB_PAYLOAD 512u
#define NB_WINDOW 2u
#define NB_WATCHDOG_MS_MIN 5u
#define NB_WATCHDOG_MS_MAX 500u

/* Types of messages; an answer is the request's | NB_ANSWER. */
#define NB_ANSWER 0x80u
#define NB_HELLO 0x01u
#define NB_PING 0x02u
#define NB_LOAD_BEGIN 0x03u
#define NB_LOAD_CHUNK 0x04u
#define NB_LOAD_COMMIT 0x05u
#define NB_RESET 0x06u
#define NB_ARM 0x07u
#define NB_TICK 0x08u
#define NB_STATS 0x09u
#define NB_DIGEST 0x0Au
#define NB_STATE 0x0Bu
#define NB_EVENT 0x7Eu
#define NB_NAK 0x7Fu

/* Where the board is. Outputs are at rest in all states but RUNNING and HOLD. */
#define NB_STATE_BOOT 0u
#define NB_STATE_LOADING 1u
#define NB_STATE_READY 2u
#define NB_STATE_RUNNING 3u
#define NB_STATE_HOLD 4u
#define NB_STATE_SAFE 5u

/* Why the board refuses, in a NAK; what `arg` is stands beside it. */
#define NB_ERROR_NONE 0u
#define NB_ERROR_FRAME 1u
#define NB_ERROR_TYPE 2u
#define NB_ERROR_LENGTH 3u
#define NB_ERROR_STATE 4u
#define NB_ERROR_SEQ 5u
#define NB_ERROR_BOOT 6u
#define NB_ERROR_TRIP 7u
#define NB_ERROR_SIZE 8u
#define NB_ERROR_OFFSET 9u
#define NB_ERROR_CRC 10u
#define NB_ERROR_IMAGE 11u
#define NB_ERROR_INPUT 12u

/* What an EVENT tells. */
#define NB_REASON_BOOT 1u
#define NB_REASON_HOLD 2u
#define NB_REASON_WATCHDOG 3u

/* What the data of a TICK are. */
#define NB_INPUT_BITMAP 0u
#define NB_INPUT_HELD 1u
#define NB_INPUT_CURRENTS 2u
#define NB_INPUT_SPIKES 3u

/* Bits of `flags` in the answer to HELLO. */
#define NB_HELLO_FLAG_IMAGE 1u

/* Bits of `flags` in ARM. */
#define NB_ARM_FLAG_CLEAR 1u
#define NB_ARM_FLAG_FAST_NAK 2u

/* Bits of `flags` in TICK. */
#define NB_TICK_FLAG_LEARN 1u
#define NB_TICK_FLAG_CARRY 2u
#define NB_TICK_FLAG_FORGET 4u

/* Offsets of the fields of each payload, and its size without a last field of bytes. */
#define NB_HELLO_REQUEST_MAJOR 0u /* u8 */
#define NB_HELLO_REQUEST_MINOR 1u /* u8 */
#define NB_HELLO_REQUEST_NONCE 2u /* u32 */
#define NB_HELLO_REQUEST_SIZE 6u
#define NB_HELLO_REPLY_MAJOR 0u /* u8 */
#define NB_HELLO_REPLY_MINOR 1u /* u8 */
#define NB_HELLO_REPLY_STATE 2u /* u8 */
#define NB_HELLO_REPLY_FLAGS 3u /* u8 */
#define NB_HELLO_REPLY_NONCE 4u /* u32 */
#define NB_HELLO_REPLY_BOOT_ID 8u /* u32 */
#define NB_HELLO_REPLY_TRIP_COUNT 12u /* u32 */
#define NB_HELLO_REPLY_FINGERPRINT 16u /* u32 */
#define NB_HELLO_REPLY_ARITHMETIC 20u /* u8 */
#define NB_HELLO_REPLY_ARENA 21u /* u32 */
#define NB_HELLO_REPLY_PAYLOAD 25u /* u16 */
#define NB_HELLO_REPLY_WATCHDOG_MS 27u /* u16 */
#define NB_HELLO_REPLY_IMAGE_CRC 29u /* u32 */
#define NB_HELLO_REPLY_LAST_TICK 33u /* u32 */
#define NB_HELLO_REPLY_NAME 37u /* bytes */
#define NB_HELLO_REPLY_SIZE 37u
#define NB_PING_REQUEST_HOST_US 0u /* u64 */
#define NB_PING_REQUEST_SIZE 8u
#define NB_PING_REPLY_HOST_US 0u /* u64 */
#define NB_PING_REPLY_DEV_US 8u /* u32 */
#define NB_PING_REPLY_SIZE 12u
#define NB_LOAD_BEGIN_REQUEST_LENGTH 0u /* u32 */
#define NB_LOAD_BEGIN_REQUEST_CRC 4u /* u32 */
#define NB_LOAD_BEGIN_REQUEST_SIZE 8u
#define NB_LOAD_BEGIN_REPLY_RECEIVED 0u /* u32 */
#define NB_LOAD_BEGIN_REPLY_SIZE 4u
#define NB_LOAD_CHUNK_REQUEST_OFFSET 0u /* u32 */
#define NB_LOAD_CHUNK_REQUEST_DATA 4u /* bytes */
#define NB_LOAD_CHUNK_REQUEST_SIZE 4u
#define NB_LOAD_CHUNK_REPLY_RECEIVED 0u /* u32 */
#define NB_LOAD_CHUNK_REPLY_SIZE 4u
#define NB_LOAD_COMMIT_REQUEST_SIZE 0u
#define NB_LOAD_COMMIT_REPLY_CRC 0u /* u32 */
#define NB_LOAD_COMMIT_REPLY_SIZE 4u
#define NB_RESET_REQUEST_SIZE 0u
#define NB_RESET_REPLY_SIZE 0u
#define NB_ARM_REQUEST_BOOT_ID 0u /* u32 */
#define NB_ARM_REQUEST_TRIP_COUNT 4u /* u32 */
#define NB_ARM_REQUEST_HOLD_MS 8u /* u16 */
#define NB_ARM_REQUEST_WATCHDOG_MS 10u /* u16 */
#define NB_ARM_REQUEST_LAST_TICK 12u /* u32 */
#define NB_ARM_REQUEST_FLAGS 16u /* u8 */
#define NB_ARM_REQUEST_SIZE 17u
#define NB_ARM_REPLY_LAST_TICK 0u /* u32 */
#define NB_ARM_REPLY_SIZE 4u
#define NB_TICK_REQUEST_TICK 0u /* u32 */
#define NB_TICK_REQUEST_N_SUB 4u /* u8 */
#define NB_TICK_REQUEST_FLAGS 5u /* u8 */
#define NB_TICK_REQUEST_REWARD 6u /* i32 */
#define NB_TICK_REQUEST_KIND 10u /* u8 */
#define NB_TICK_REQUEST_DATA 11u /* bytes */
#define NB_TICK_REQUEST_SIZE 11u
#define NB_TICK_REPLY_TICK 0u /* u32 */
#define NB_TICK_REPLY_DEV_US 4u /* u32 */
#define NB_TICK_REPLY_STEP_CYCLES 8u /* u32 */
#define NB_TICK_REPLY_STATE 12u /* u8 */
#define NB_TICK_REPLY_LAST_ERROR 13u /* u8 */
#define NB_TICK_REPLY_SPIKES 14u /* u16 */
#define NB_TICK_REPLY_DATA 16u /* bytes */
#define NB_TICK_REPLY_SIZE 16u
#define NB_STATS_REQUEST_SIZE 0u
#define NB_STATS_REPLY_RX_BYTES 0u /* u32 */
#define NB_STATS_REPLY_RX_OK 4u /* u32 */
#define NB_STATS_REPLY_CRC_ERR 8u /* u32 */
#define NB_STATS_REPLY_COBS_ERR 12u /* u32 */
#define NB_STATS_REPLY_TOO_LONG 16u /* u32 */
#define NB_STATS_REPLY_RING_OVERRUN 20u /* u32 */
#define NB_STATS_REPLY_DUP_TICK 24u /* u32 */
#define NB_STATS_REPLY_WATCHDOG_TRIPS 28u /* u32 */
#define NB_STATS_REPLY_SIZE 32u
#define NB_DIGEST_REQUEST_SIZE 0u
#define NB_DIGEST_REPLY_STEP 0u /* u32 */
#define NB_DIGEST_REPLY_CRC 4u /* u32 */
#define NB_DIGEST_REPLY_SIZE 8u
#define NB_STATE_REQUEST_OFFSET 0u /* u32 */
#define NB_STATE_REQUEST_SIZE 4u
#define NB_STATE_REPLY_OFFSET 0u /* u32 */
#define NB_STATE_REPLY_DATA 4u /* bytes */
#define NB_STATE_REPLY_SIZE 4u
#define NB_EVENT_LAST_TICK 0u /* u32 */
#define NB_EVENT_DEV_US 4u /* u32 */
#define NB_EVENT_REASON 8u /* u8 */
#define NB_EVENT_SIZE 9u
#define NB_NAK_TYPE 0u /* u8 */
#define NB_NAK_ERROR 1u /* u8 */
#define NB_NAK_STATE 2u /* u8 */
#define NB_NAK_ZERO 3u /* u8 */
#define NB_NAK_ARG 4u /* u32 */
#define NB_NAK_SIZE 8u

#endif
