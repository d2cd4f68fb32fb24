// SPDX-License-Identifier: MIT
// What goes away under a watch, and comes back: a link, a board.
#include "layout/area.h"
#include "layout/members.h"
#include "report/watch_parts.h"
#include "target/stream.h"

// How long to wait before a link that is lost, or a heap that is gone, is tried again.
static const double FIRST_PAUSE = 0.1, LONGEST_PAUSE = 2;

// A firmware that begins anew has its heap where it was; before that shows nothing for so long,
// no other memory is searched.
static const double PATIENCE = 5;

static void drop_sampler(struct watch *watch)
{
    if (watch->has_sampler)
        sampler_deinit(&watch->sampler);
    watch->has_sampler = false;
    follower_restart(&watch->follower);
}

// The heap, and where its lock is: that takes the firmware's version.
int watch_load(struct session *session, struct mph_err *err)
{
    int rc = session_load(session, true, err);

    if (rc == 0)
        members_find_lock(&session->layout, &session->target);
    return rc;
}

// What this link has carried is known from samples; a new one begins with nothing.
static void pay(struct watch *watch, bool is_new)
{
    const struct link *link = &watch->session->target.link;

    watch->paid_bytes = is_new || !link->ops ? 0 : link->stats->bytes;
    watch->paid_seconds = is_new || !link->ops ? 0 : link->stats->seconds;
}

// Whether the words that bound the first area make sense again.
static int find_area(struct watch *watch, struct mph_err *err)
{
    const struct watch_place *place = &watch->place;
    uint8_t words[AREA_WORDS_MAX * 8];
    struct link_read read = {place->address, (size_t)AREA_WORDS_MAX * place->word_bytes, words, 0};
    struct area_match match;
    int rc = target_read_anew(&watch->session->target, &read, 1, err);

    if (rc == 0 &&
        !area_match_words(words, place->word_bytes, place->big_endian, place->address, &match))
        rc =
            mph_fail_at(err, MPH_ERR_NO_HEAP, place->address,
                        "watch: no heap where it was (0x%llx)", (unsigned long long)place->address);
    return rc;
}

// As soon as it has begun: there is no program without any object.
static int load_begun(struct watch *watch, bool is_patient, struct mph_err *err)
{
    struct gc_numbers numbers;
    int rc = is_patient ? find_area(watch, err) : 0;

    if (rc == 0)
        rc = watch_load(watch->session, err);
    if (rc < 0)
        return rc;
    gc_numbers(&watch->session->heap, &numbers);
    return numbers.heads ? 0 : mph_fail(err, MPH_ERR_NO_HEAP, "watch: the heap has no object yet");
}

static int open_again(struct watch *watch, bool is_patient, struct mph_err *err)
{
    struct session *session = watch->session;
    const struct opener *opener = session->opener;
    bool is_link_lost = watch->lost.code == MPH_ERR_LINK;

    if ((is_link_lost || !session->target.link.ops) && opener) {
        int rc = opener->open(opener->context, session, err);

        pay(watch, true);
        if (rc < 0)
            return rc;
    } else {
        session_forget(session);
    }
    return load_begun(watch, is_patient, err);
}

// What goes by itself, as long as a board starts or a cable hangs loose.
static bool may_come_back(const struct watch *watch, int code)
{
    static const int codes[] = {MPH_ERR_READ,    MPH_ERR_BAD_DATA,  MPH_ERR_NO_SYMBOL,
                                MPH_ERR_NO_HEAP, MPH_ERR_AMBIGUOUS, MPH_ERR_WRONG_ELF};

    if (code == MPH_ERR_LINK)
        return watch->session->opener;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code == codes[i])
            return true;
    return false;
}

// Try to find it again, once at least, until time is over, which leaves watch->is_lost.
static int recover(struct watch *watch, enum watch_kind kind, struct mph_err *err)
{
    double pause = FIRST_PAUSE, since = stream_now();
    int rc;

    watch->is_lost = true;
    drop_sampler(watch);
    pay(watch, false);
    do {
        struct mph_err why = {0};

        rc = open_again(watch, stream_now() - since < PATIENCE, &why);
        if (rc == MPH_ERR_INTERRUPTED)
            return watch_stop(watch);
        if (rc < 0 && !may_come_back(watch, rc))
            return mph_fail_again(err, &why);
        if (rc < 0) {
            watch->lost = why;
            if (watch_let_pass(watch, pause) < 0)
                return MPH_ERR_INTERRUPTED;
            pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
        }
    } while (rc < 0 && !watch_is_time_over(watch, stream_now()));
    if (rc < 0)
        return 0;
    watch->is_lost = false;
    rc = watch_tell(watch, kind, err, "there again after %.1f s", stream_now() - since);
    return rc < 0 ? rc : watch_add_first(watch, err);
}

// An error that may pass by is an event, and the search for what was lost begins.
int watch_lose(struct watch *watch, const struct mph_err *why, struct mph_err *err)
{
    if (!may_come_back(watch, why->code))
        return mph_fail_again(err, why);
    watch->lost = *why;
    enum watch_kind kind = why->code == MPH_ERR_LINK ? WATCH_LINK : WATCH_RESET;
    int rc = watch_tell(watch, kind, err, "lost: %s", why->text);

    return rc < 0 ? rc : recover(watch, kind, err);
}

int watch_change(struct watch *watch, enum landmarks_change change, struct mph_err *err)
{
    enum watch_kind kind = change == LANDMARKS_MOVED ? WATCH_AREAS : WATCH_RESET;
    int rc = watch_tell(watch, kind, err, "%s",
                        kind == WATCH_AREAS
                            ? "areas: the heap has other ones, it has grown or began anew"
                            : "reset: what was interned is gone, the firmware began anew");

    mph_fail(&watch->lost, MPH_ERR_NO_HEAP, "watch: no heap since the firmware began anew");
    return rc < 0 ? rc : recover(watch, kind, err);
}
